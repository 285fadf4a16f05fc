//! The engine over a simulated cloud: whole restores, and what happens when something goes wrong in them.

mod universal;
mod whole;
