// Transcribe a WAV file live with Deepgram's JavaScript SDK: only the address is Wrapup's.
//
//     node deepgram_js.mjs ws://127.0.0.1:8080 call.wav [SPEED]
//
// SPEED is times real time, 1 by default. The key is taken from DEEPGRAM_API_KEY. Needs @deepgram/sdk 5.
// The file is sent as it is, head and all, so that no encoding is named.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

// Found from where the command is given, so that this file can stand anywhere.
const require = createRequire(`${process.cwd()}/`);
const { DeepgramClient } = require("@deepgram/sdk");

const CHUNKS_A_SECOND = 10;
const [url, path, speed = "1"] = process.argv.slice(2);
const http = url.replace(/^ws/, "http");
const client = new DeepgramClient({
  apiKey: process.env.DEEPGRAM_API_KEY ?? "none",
  environment: { base: http, production: url, agent: url, agentRest: http },
});
const file = readFileSync(path);
const channels = file.readUInt16LE(22);
const bytesASecond = file.readUInt32LE(28);

const connection = await client.listen.v1.connect({
  model: "nova-3",
  multichannel: channels > 1 ? "true" : "false",
  interim_results: "true",
});
const over = new Promise((resolve, reject) => {
  connection.on("message", (message) => {
    if (message.type === "Results" && message.is_final) {
      const text = message.channel.alternatives[0].transcript;
      console.log(`${message.start.toFixed(2).padStart(7)}  ${message.channel_index[0]}  ${text}`);
    }
    if (message.type === "Metadata") resolve();
  });
  connection.on("error", reject);
});
connection.connect();
await connection.waitForOpen();
const step = Math.floor(bytesASecond / CHUNKS_A_SECOND);
for (let at = 0; at < file.length; at += step) {
  connection.sendMedia(file.subarray(at, at + step));
  await sleep(1000 / CHUNKS_A_SECOND / Number(speed));
}
connection.sendCloseStream({ type: "CloseStream" });
await over;
connection.close();
