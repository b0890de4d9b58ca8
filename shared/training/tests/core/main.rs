//! Tests of the training core: its parts against independent arithmetic, and whole runs on small data.

mod files;
mod learner;
mod parts;
mod problem;
mod resume;
