"""What associates keep changing in drafts, as material for the next version of a prompt."""
