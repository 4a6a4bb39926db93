//! Programs that a user of grump would write; see the files beside this one.
