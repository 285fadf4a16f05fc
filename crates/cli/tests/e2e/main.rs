//! The whole product: the real binary over a sandbox with real PostgreSQL. One module for each question.

#![cfg(test)]

mod batch;
mod crashes;
mod drills;
mod faults;
mod on_stack;
mod refusals;
mod restores;
mod rotation;
mod sandbox;
mod sources;
mod strategies;
mod support;
mod tables;
mod the_demo;
mod torture;
mod undone;
