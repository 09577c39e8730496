//! The labels as a printer, a scanner and a packer meet them.

mod golden;
mod judges;
mod properties;
mod samples;
