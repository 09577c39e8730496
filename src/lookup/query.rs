//! What a scanned text is, and what there is to know of it.

use serde::Serialize;
use utoipa::ToSchema;

use super::sql;
use crate::catalog::scan::elements;
use crate::db::{DbError, Tx};
use crate::floor::code::{Code, classify};
use crate::kernel::Timestamp;
use crate::kernel::ids::{OrderId, PlaceId, WarehouseId};
use crate::kernel::text::scanned;
use crate::location::ops::Place;
use crate::order::model::OrderState;
use crate::packing::model::{ParcelState, WaybillState};
use crate::picking::goods::{GoodsRow, goods};
use crate::stock::StockError;
use crate::stock::model::PlaceKind;
use crate::stock::query::{CellView, Part, cells};
use crate::{args, row};

/// Most rows of stock that are shown.
const MOST: i64 = 1000;

crate::codes! {
    /// What a scanned thing is.
    pub enum Kind {
        /// A location.
        Location = "location",
        /// A tote.
        Tote = "tote",
        /// A cart.
        Cart = "cart",
        /// A slot of a put wall.
        Slot = "slot",
        /// A parcel.
        Parcel = "parcel",
        /// A place outside: where goods come from or go to.
        Outside = "outside",
        /// An item.
        Item = "item",
        /// A lot.
        Lot = "lot",
        /// An order.
        Order = "order",
        /// A waybill number.
        Waybill = "waybill",
        /// A badge, a station or a command card: nothing to be looked up.
        Card = "card",
        /// Nothing that is known.
        Unknown = "unknown",
    }
}

crate::codes! {
    /// What comes next for a thing.
    pub enum NextStep {
        /// Nothing.
        Nothing = "nothing",
        /// What lies there is put away.
        PutAway = "put_away",
        /// The order is still being picked.
        Pick = "pick",
        /// Goods of many orders are sorted on a put wall.
        Sort = "sort",
        /// It is packed.
        Pack = "pack",
        /// Orders of one piece are packed by scanning an item.
        PackByItem = "pack_by_item",
        /// The parcel is weighed.
        Weigh = "weigh",
        /// The parcel gets its label.
        Label = "label",
        /// The carrier gets it.
        HandOver = "hand_over",
        /// The order was given up: its goods go back to a shelf.
        PutBack = "put_back",
        /// The order is held: a person decides.
        Decide = "decide",
        /// It has left.
        Gone = "gone",
    }
}

row! {
    /// An order that a thing belongs to.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct OrderNamed {
        /// The order.
        pub order_id: OrderId,
        /// Its number.
        pub order: String,
        /// Where it stands.
        pub state: OrderState,
        /// Until when it must ship.
        pub ship_by: Timestamp,
    }
}

row! {
    /// A parcel.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub struct ParcelNamed {
        /// The parcel.
        pub parcel_id: PlaceId,
        /// Its number.
        pub parcel: String,
        /// Where it stands.
        pub state: ParcelState,
        /// Its waybill number.
        pub waybill: Option<String>,
    }
}

row! {
    /// A parcel with its order, as they are read.
    #[derive(Debug, Clone)]
    pub struct ParcelRow {
        /// The parcel.
        pub parcel_id: PlaceId,
        /// Its number.
        pub parcel: String,
        /// Where it stands.
        pub state: ParcelState,
        /// Its waybill number.
        pub waybill: Option<String>,
        /// Its order.
        pub order_id: OrderId,
        /// The order's number.
        pub order: String,
        /// Where the order stands.
        pub order_state: OrderState,
        /// Until when it must ship.
        pub ship_by: Timestamp,
    }
}

/// What there is to know of a scanned text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    /// What was scanned, as it is compared.
    pub scanned: String,
    /// What it is.
    pub kind: Kind,
    /// Its code or number, as it is stored; the scanned text where it is unknown.
    pub code: String,
    /// The lot that a GS1 label names beside the item.
    pub lot: Option<String>,
    /// The expiry that a GS1 label names, as `YYMMDD`.
    pub expiry: Option<String>,
    /// Pieces that a scanned barcode stands for.
    pub unit_factor: Option<i64>,
    /// Whether orders are picked from a location.
    pub pickable: Option<bool>,
    /// Whether a location is in use.
    pub active: Option<bool>,
    /// What lies there, or where it lies.
    pub stock: Vec<CellView>,
    /// The orders that it belongs to, the first to ship first.
    pub orders: Vec<OrderNamed>,
    /// The parcel.
    pub parcel: Option<ParcelNamed>,
    /// Where a waybill number stands.
    pub waybill_state: Option<WaybillState>,
    /// What comes next.
    pub next: NextStep,
}

impl Found {
    fn new(scanned: String, kind: Kind, code: String) -> Self {
        Self {
            scanned,
            kind,
            code,
            lot: None,
            expiry: None,
            unit_factor: None,
            pickable: None,
            active: None,
            stock: Vec::new(),
            orders: Vec::new(),
            parcel: None,
            waybill_state: None,
            next: NextStep::Nothing,
        }
    }
}

/// Looks a scanned text up. `aim` is the symbology identifier, where the scanner says it.
///
/// # Errors
/// A failure of the database.
pub async fn look_up(tx: &mut Tx<'_>, warehouse: WarehouseId, raw: &str, aim: &str) -> Result<Found, StockError> {
    let text = scanned(raw);
    let found = |kind, code: &str| Found::new(text.clone(), kind, code.to_owned());
    let sku_part = |sku| Part { sku: Some(sku), limit: MOST, ..Part::default() };
    Ok(match classify(tx, warehouse, raw, aim).await? {
        Code::Place { id, kind, code } => of_place(tx, warehouse, Place { id, kind, code }, &text).await?,
        Code::Item(item) => {
            let stock = match &item.lot {
                Some(lot) => tx.all(sql::LIST_OF_LOT, args![warehouse, item.sku, lot]).await?,
                None => cells(tx, warehouse, sku_part(item.sku)).await?,
            };
            let expiry = elements(raw, aim).and_then(|elements| elements.expiry);
            let unit_factor = Some(item.factor);
            Found { lot: item.lot, expiry, unit_factor, stock, ..found(Kind::Item, &item.code) }
        }
        Code::Lot { number, .. } => {
            let stock = tx.all(sql::LIST_OF_LOT, args![warehouse, 0_i64, &number]).await?;
            Found { stock, ..found(Kind::Lot, &number) }
        }
        Code::Order { id, number } => {
            let order: OrderNamed = tx.one("order", sql::SELECT_ORDER, args![warehouse, id]).await?;
            Found { next: of_order(order.state), orders: vec![order], ..found(Kind::Order, &number) }
        }
        Code::Waybill(number) => {
            let (state, parcel): (WaybillState, Option<PlaceId>) =
                tx.one("waybill", sql::SELECT_WAYBILL, args![&number]).await?;
            let mut answer = found(Kind::Waybill, &number);
            answer.waybill_state = Some(state);
            if let Some(parcel) = parcel {
                parcel_into(tx, warehouse, parcel, &mut answer).await?;
            }
            answer
        }
        Code::Command(_) | Code::Choice(..) | Code::Quantity(_) | Code::Badge | Code::Station(_) => {
            found(Kind::Card, &text)
        }
        Code::Unknown(_) => found(Kind::Unknown, &text),
    })
}

async fn of_place(tx: &mut Tx<'_>, warehouse: WarehouseId, place: Place, text: &str) -> Result<Found, StockError> {
    let kind = match place.kind {
        PlaceKind::Location => Kind::Location,
        PlaceKind::Tote => Kind::Tote,
        PlaceKind::Cart => Kind::Cart,
        PlaceKind::Slot => Kind::Slot,
        PlaceKind::Parcel => Kind::Parcel,
        PlaceKind::Supplier | PlaceKind::Customer | PlaceKind::Loss | PlaceKind::Gain => Kind::Outside,
    };
    let mut answer = Found::new(text.to_owned(), kind, place.code.clone());
    answer.stock = cells(tx, warehouse, Part { place: Some(place.id), limit: MOST, ..Part::default() }).await?;
    match kind {
        Kind::Location => {
            let location: Option<(bool, bool)> = tx.opt(sql::SELECT_LOCATION, args![place.id]).await?;
            let free = answer.stock.iter().any(|cell| cell.on_hand > cell.reserved);
            answer.pickable = location.map(|(pickable, _)| pickable);
            answer.active = location.map(|(_, active)| active);
            if free && answer.pickable == Some(false) {
                answer.next = NextStep::PutAway;
            }
        }
        Kind::Tote | Kind::Slot => {
            let rows = goods(tx, warehouse, &place).await?;
            answer.orders = orders(&rows);
            answer.next = of_container(tx, kind, &answer.orders).await?;
        }
        Kind::Parcel => parcel_into(tx, warehouse, place.id, &mut answer).await?,
        _ => {}
    }
    Ok(answer)
}

fn orders(rows: &[GoodsRow]) -> Vec<OrderNamed> {
    let mut orders: Vec<OrderNamed> = Vec::new();
    for row in rows {
        if !orders.iter().any(|order| order.order_id == row.order) {
            orders.push(OrderNamed {
                order_id: row.order,
                order: row.order_number.clone(),
                state: row.order_state,
                ship_by: row.ship_by,
            });
        }
    }
    orders
}

/// What comes next for a tote or slot with goods of these orders.
async fn of_container(tx: &mut Tx<'_>, kind: Kind, orders: &[OrderNamed]) -> Result<NextStep, DbError> {
    match orders {
        [] => Ok(NextStep::Nothing),
        [order] => Ok(of_order(order.state)),
        many if kind == Kind::Tote => {
            for order in many {
                let (pieces,): (i64,) = tx.one("order", sql::COUNT_PIECES, args![order.order_id]).await?;
                if pieces > 1 {
                    return Ok(NextStep::Sort);
                }
            }
            Ok(NextStep::PackByItem)
        }
        _ => Ok(NextStep::Sort),
    }
}

/// What comes next for goods of an order.
const fn of_order(state: OrderState) -> NextStep {
    match state {
        OrderState::Released | OrderState::Picking => NextStep::Pick,
        OrderState::Picked => NextStep::Pack,
        OrderState::Packed => NextStep::HandOver,
        OrderState::Cancelled | OrderState::Intercepting => NextStep::PutBack,
        OrderState::Held => NextStep::Decide,
        OrderState::Shipped | OrderState::Delivered => NextStep::Gone,
        OrderState::Received | OrderState::Accepted | OrderState::Promised | OrderState::Short => NextStep::Nothing,
    }
}

async fn parcel_into(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    parcel: PlaceId,
    answer: &mut Found,
) -> Result<(), DbError> {
    let found: Option<ParcelRow> = tx.opt(sql::SELECT_PARCEL, args![warehouse, parcel]).await?;
    let Some(row) = found else { return Ok(()) };
    answer.next = of_parcel(row.state, row.order_state);
    let ParcelRow { parcel_id, parcel, state, waybill, order_id, order, order_state, ship_by } = row;
    answer.parcel = Some(ParcelNamed { parcel_id, parcel, state, waybill });
    answer.orders = vec![OrderNamed { order_id, order, state: order_state, ship_by }];
    Ok(())
}

/// What comes next for a parcel.
const fn of_parcel(state: ParcelState, order: OrderState) -> NextStep {
    match (state, order) {
        (ParcelState::HandedOver, _) => NextStep::Gone,
        (_, OrderState::Cancelled | OrderState::Intercepting) => NextStep::PutBack,
        (ParcelState::Void, _) => NextStep::Nothing,
        (_, OrderState::Held) | (ParcelState::WeightHold | ParcelState::InDoubt, _) => NextStep::Decide,
        (ParcelState::Open | ParcelState::Verifying, _) => NextStep::Pack,
        (ParcelState::Sealed, _) => NextStep::Weigh,
        (ParcelState::Weighed | ParcelState::WaybillBound, _) => NextStep::Label,
        (ParcelState::LabelPrinted, _) => NextStep::HandOver,
    }
}
