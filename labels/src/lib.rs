//! Labels and papers of the warehouse.
