//! How things look: one file per reader. Renderers get plain values and a place to write to; they decide nothing.

pub(crate) mod words;
