//! The JSON API: a file per noun, each with its routes.

pub mod carriers;
pub mod channels;
pub mod deliveries;
pub mod catalog;
pub mod events;
pub mod locations;
pub mod manifests;
pub mod movements;
pub mod orders;
pub mod packing;
pub mod parcels;
pub mod people;
pub mod picking;
pub mod print_jobs;
pub mod stations;
pub mod stock;
pub mod tokens;
pub mod waves;
pub mod waybills;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every route under `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(carriers::routes())
        .merge(catalog::routes())
        .merge(events::routes())
        .merge(channels::routes())
        .merge(deliveries::routes())
        .merge(locations::routes())
        .merge(manifests::routes())
        .merge(movements::routes())
        .merge(orders::routes())
        .merge(packing::routes())
        .merge(parcels::routes())
        .merge(people::routes())
        .merge(picking::routes())
        .merge(print_jobs::routes())
        .merge(stations::routes())
        .merge(stock::routes())
        .merge(tokens::routes())
        .merge(waves::routes())
        .merge(waybills::routes())
}
