//! The API over HTTP: what clients send, what they get, and what the sandbox survives.

#![cfg(test)]

mod actions;
mod client;
mod clients;
mod control;
mod documentation;
mod faults;
mod identities;
mod lifecycle;
mod process;
mod support;
mod wire;
