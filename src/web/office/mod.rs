//! The office's pages: a board of today, tables of everything, and what a manager or administrator decides.
//!
//! Pages are drawn here; what they change goes through the API, with a key, as any other client's commands do.

mod board;
mod lists;
mod pages;
mod plan;
mod table;
mod xlsx;

use axum::Router;
use axum::routing::get;

use super::page::Look;
use super::{Reader, assets};
use crate::app::App;
use crate::kernel::actor::Right;
use crate::people::sessions::Theme;

/// The routes of the office.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(board::show))
        .route("/board/part", get(board::part))
        .route("/orders", get(lists::orders))
        .route("/orders/{order}", get(pages::order))
        .route("/waves", get(lists::waves))
        .route("/waves/{wave}", get(pages::wave))
        .route("/stock", get(lists::stock))
        .route("/movements", get(lists::movements))
        .route("/locations", get(lists::locations))
        .route("/plan", get(plan::show))
        .route("/parcels", get(lists::parcels))
        .route("/manifests", get(lists::manifests))
        .route("/people", get(lists::people))
        .route("/people/{person}", get(pages::person))
        .route("/sessions", get(lists::sessions))
        .route("/roles", get(pages::roles))
        .route("/devices", get(pages::devices))
        .route("/print-jobs", get(lists::print_jobs))
        .route("/inbox", get(lists::inbox))
        .route("/outbox", get(lists::outbox))
        .route("/imports", get(pages::imports))
        .route("/settings", get(pages::settings))
        .route("/device/check", get(pages::device_check))
}

/// A place in the office's menu: its address, the text that names it, and the right that one needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nav {
    path: &'static str,
    title: &'static str,
    right: Right,
}

/// The menu.
const MENU: &[Nav] = &[
    Nav { path: "/", title: "office.board", right: Right::Read },
    Nav { path: "/orders", title: "office.orders", right: Right::Read },
    Nav { path: "/waves", title: "office.waves", right: Right::Read },
    Nav { path: "/stock", title: "office.stock", right: Right::Read },
    Nav { path: "/movements", title: "office.movements", right: Right::Audit },
    Nav { path: "/plan", title: "office.plan", right: Right::Read },
    Nav { path: "/locations", title: "office.locations", right: Right::Read },
    Nav { path: "/parcels", title: "office.parcels", right: Right::Read },
    Nav { path: "/manifests", title: "office.manifests", right: Right::Read },
    Nav { path: "/devices", title: "office.devices", right: Right::Read },
    Nav { path: "/print-jobs", title: "office.print_jobs", right: Right::Read },
    Nav { path: "/people", title: "office.people", right: Right::PeopleManage },
    Nav { path: "/sessions", title: "office.sessions", right: Right::PeopleManage },
    Nav { path: "/roles", title: "office.roles", right: Right::PeopleManage },
    Nav { path: "/inbox", title: "office.inbox", right: Right::StorefrontManage },
    Nav { path: "/outbox", title: "office.outbox", right: Right::StorefrontManage },
    Nav { path: "/imports", title: "office.imports", right: Right::CatalogWrite },
    Nav { path: "/settings", title: "office.settings", right: Right::Read },
];

impl Nav {
    /// The place of the menu that an address belongs to.
    fn of_path(path: &str) -> &'static str {
        MENU.iter().find(|nav| nav.path == path).map_or("/", |nav| nav.path)
    }
}

/// What stands around every page of the office.
pub(super) struct Frame {
    /// How it speaks and looks.
    pub look: Look,
    /// The reader's name.
    pub name: String,
    /// Their number.
    pub number: String,
    /// The menu: address, title, whether it is here.
    pub menu: Vec<(&'static str, String, bool)>,
    /// Whether the reader picks, packs.
    pub floor: Vec<(&'static str, String)>,
}

impl Frame {
    fn of(reader: &Reader, here: &'static str) -> Self {
        let look = reader.look_of(Theme::Light);
        let menu = MENU.iter().filter(|nav| reader.may(nav.right));
        let menu = menu.map(|nav| (nav.path, look.t(nav.title), nav.path == here)).collect();
        let floor = [(Right::Pick, "/pda", "pda.title"), (Right::Pack, "/station", "station.title")];
        let floor = floor.into_iter().filter(|(right, ..)| reader.may(*right));
        let floor = floor.map(|(_, path, title)| (path, look.t(title))).collect();
        let viewer = &reader.viewer;
        Self { name: viewer.name.clone(), number: viewer.actor.number.clone(), menu, floor, look }
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn build(&self) -> &'static str {
        assets::build()
    }
}
