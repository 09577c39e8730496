//! Story tests: each runs on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod api_document;
mod api_floor;
mod api_goods;
mod api_labels;
mod api_limits;
mod api_people;
mod api_wall;
mod batches;
mod changes;
mod cli;
mod cli_devices;
mod demo;
mod floor_devices;
mod handheld_picking;
mod handheld_walks;
mod importing;
mod kill;
mod logins;
mod model;
mod orders;
mod packing;
mod packing_pc;
mod paper;
mod papers;
mod parcels;
mod picking;
mod print_runs;
mod printing;
mod putaway;
mod races;
mod rights;
mod serving;
mod shipping;
mod statements;
mod storefront_in;
mod storefront_out;
mod support;
mod tidy;
mod tls;
mod transactions;
mod verifying;
mod wall_storm;
mod walls;
mod wording;
