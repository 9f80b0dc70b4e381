//! The judgement as a whole: recordings made by hand, through derived facts, rows, causes and expected cells to an exit code.

mod choice;
mod derived;
mod edges;
mod exits;
mod expect;
mod first;
mod folding;
mod made;
mod property;
