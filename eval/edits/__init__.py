"""What became of a draft: the edit ladder. Pure functions of draft and final.

`classify` tells all of an edit, `classify_class` its class alone, which is what tables of reviews keep.
"""

from eval.edits.edit import EDIT_CLASSES, LADDER_VERSION, Change, ChangeKind, Edit, EditClass
from eval.edits.ladder import classify, classify_class

__all__ = [
    "EDIT_CLASSES",
    "LADDER_VERSION",
    "Change",
    "ChangeKind",
    "Edit",
    "EditClass",
    "classify",
    "classify_class",
]
