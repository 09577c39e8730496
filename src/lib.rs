//! Tallyman runs the warehouse of an online shop: orders in, stock by lot, waves, picking, packing, labels, hand-over.
//!
//! One folder per noun of the warehouse. In each, arrows point one way: `kernel` <- `model` <- `sql` <- `ops` <- `web`.

pub mod allocation;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod counting;
pub mod db;
pub mod demo;
pub mod floor;
pub mod import;
pub mod kernel;
pub mod location;
pub mod lookup;
pub mod messages;
pub mod order;
pub mod packing;
pub mod people;
pub mod picking;
pub mod putaway;
pub mod refusal;
pub mod report;
pub mod serve;
pub mod setup;
pub mod shipping;
pub mod station;
pub mod stock;
pub mod storefront;
pub mod wall;
pub mod wave;
pub mod web;

/// Every statement of the program, for the test that prepares them all on both databases.
pub const ALL_STATEMENTS: &[&[(&str, &str, db::Registered)]] = &[
    allocation::sql::STATEMENTS,
    catalog::sql::STATEMENTS,
    counting::query::sql::STATEMENTS,
    counting::raise::sql::STATEMENTS,
    counting::results::sql::STATEMENTS,
    counting::rules::sql::STATEMENTS,
    counting::scope::sql::STATEMENTS,
    counting::sql::STATEMENTS,
    counting::trace::sql::STATEMENTS,
    db::journal::sql::STATEMENTS,
    location::sql::STATEMENTS,
    lookup::sql::STATEMENTS,
    order::sql::STATEMENTS,
    packing::sql::STATEMENTS,
    floor::sql::STATEMENTS,
    people::sql::STATEMENTS,
    picking::batch::sql::STATEMENTS,
    picking::sql::STATEMENTS,
    putaway::sql::STATEMENTS,
    report::sql::STATEMENTS,
    setup::sql::STATEMENTS,
    shipping::sql::STATEMENTS,
    station::sql::STATEMENTS,
    stock::candidates::sql::STATEMENTS,
    stock::sql::STATEMENTS,
    stock::verify::sql::STATEMENTS,
    storefront::inbox::sql::STATEMENTS,
    storefront::outbox::sql::STATEMENTS,
    storefront::sql::STATEMENTS,
    wall::sql::STATEMENTS,
    wave::sql::STATEMENTS,
];
