"""What is kept: the tables, their migrations, the seal on every text, and the spool before the database."""
