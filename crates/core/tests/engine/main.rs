//! The engine over a simulated cloud: whole restores, and what happens when something goes wrong in them.

mod people;
mod universal;
mod whole;
