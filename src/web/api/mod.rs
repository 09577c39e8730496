//! The JSON API: a file per noun, each with its routes.

pub mod batches;
pub mod carriers;
pub mod catalog;
pub mod channels;
pub mod counting;
pub mod counts;
pub mod credentials;
pub mod deliveries;
pub mod events;
pub mod import;
pub mod labels;
pub mod locations;
pub mod lookup;
pub mod manifests;
pub mod movements;
pub mod orders;
pub mod packing;
pub mod parcels;
pub mod people;
pub mod picking;
pub mod print_jobs;
pub mod putaway;
pub mod runs;
pub mod stations;
pub mod stock;
pub mod tokens;
pub mod walls;
pub mod waves;
pub mod waybills;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Largest body of requests that bring whole catalogues or stocks in, in bytes.
const LARGEST_BULK: usize = 16 * 1024 * 1024;

/// Every route under `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    let bulk = OpenApiRouter::new()
        .merge(catalog::routes())
        .merge(locations::routes())
        .merge(stock::routes())
        .layer(DefaultBodyLimit::max(LARGEST_BULK));
    OpenApiRouter::new()
        .merge(bulk)
        .merge(batches::routes())
        .merge(carriers::routes())
        .merge(channels::routes())
        .merge(counting::routes())
        .merge(counts::routes())
        .merge(credentials::routes())
        .merge(deliveries::routes())
        .merge(events::routes())
        .merge(import::routes())
        .merge(labels::routes())
        .merge(lookup::routes())
        .merge(manifests::routes())
        .merge(movements::routes())
        .merge(orders::routes())
        .merge(packing::routes())
        .merge(parcels::routes())
        .merge(people::routes())
        .merge(picking::routes())
        .merge(print_jobs::routes())
        .merge(putaway::routes())
        .merge(runs::routes())
        .merge(stations::routes())
        .merge(tokens::routes())
        .merge(walls::routes())
        .merge(waves::routes())
        .merge(waybills::routes())
}
