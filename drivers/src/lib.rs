//! Devices of the warehouse floor.
