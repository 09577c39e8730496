//! Changing and reading the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{CatalogError, sql};
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::actor::Right;
use crate::kernel::ids::SkuId;
use crate::kernel::text::scanned;
use crate::{args, row};

/// Largest weight and size: a tonne and ten metres times a hundred.
const LARGEST: i64 = 1_000_000;

/// A barcode of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Barcode {
    /// What the scanner reads.
    pub barcode: String,
    /// Pieces that one scan stands for.
    #[serde(default = "one")]
    pub unit_factor: i64,
}

const fn one() -> i64 {
    1
}

/// A SKU as it is brought in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SkuInput {
    /// Its code; upper case.
    pub code: String,
    /// English name.
    pub name_en: String,
    /// Chinese name.
    pub name_zh: String,
    /// What it is grouped under.
    pub category: String,
    /// Weight of one piece, in grams; 0 where unknown.
    pub weight_grams: i64,
    /// Length in millimetres.
    pub length_mm: i64,
    /// Width in millimetres.
    pub width_mm: i64,
    /// Height in millimetres.
    pub height_mm: i64,
    /// Whether it breaks.
    pub fragile: bool,
    /// What the packer must know.
    pub packing_note: String,
    /// Papers that must be inside the parcel.
    pub papers: Vec<String>,
    /// Whether its lots expire.
    pub expires: bool,
    /// Its barcodes; known ones stay.
    pub barcodes: Vec<Barcode>,
}

/// Creates or changes SKUs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutSkus {
    /// The SKUs, each code once.
    pub skus: Vec<SkuInput>,
}

/// SKUs that were written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SkusPut {
    /// How many.
    pub skus: i64,
    /// How many barcodes came with them.
    pub barcodes: i64,
}

impl Operation for PutSkus {
    const KIND: &'static str = "catalog.put";
    type Answer = SkusPut;
    type Error = CatalogError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SkusPut, CatalogError> {
        let right = Right::CatalogWrite;
        if !op.may(right) {
            return Err(CatalogError::Forbidden { right: right.code() });
        }
        for sku in &self.skus {
            check(sku)?;
        }
        once(&self.skus)?;
        let owners = owners(op.tx, &self.skus).await?;
        for sku in &self.skus {
            let code = scanned(&sku.code);
            let taken = sku.barcodes.iter().map(|barcode| scanned(&barcode.barcode));
            for barcode in taken {
                if let Some(owner) = owners.get(&barcode).filter(|owner| **owner != code) {
                    return Err(CatalogError::BarcodeTaken { barcode, sku: owner.clone() });
                }
            }
        }
        // Nothing below may fail for a business reason.
        let barcodes = write(op, &self.skus).await?;
        let skus = i64::try_from(self.skus.len()).unwrap_or(i64::MAX);
        op.record("catalog.changed", ("warehouse", op.warehouse().0), &json!({ "skus": skus }));
        Ok(SkusPut { skus, barcodes })
    }
}

/// Whether a SKU may be written as it is.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(sku: &SkuInput) -> Result<(), CatalogError> {
    let code = scanned(&sku.code);
    let named = !sku.name_en.trim().is_empty() || !sku.name_zh.trim().is_empty();
    if !(1..=100).contains(&code.len()) || !named {
        return Err(CatalogError::Incomplete { sku: code });
    }
    let barcodes = sku.barcodes.iter().map(|barcode| scanned(&barcode.barcode));
    if let Some(card) = std::iter::once(code.clone()).chain(barcodes).find(|code| code.starts_with('%')) {
        return Err(CatalogError::CardCode { code: card });
    }
    let measures = [
        ("weight_grams", sku.weight_grams),
        ("length_mm", sku.length_mm),
        ("width_mm", sku.width_mm),
        ("height_mm", sku.height_mm),
    ];
    if let Some((field, _)) = measures.into_iter().find(|(_, value)| !(0..=LARGEST).contains(value)) {
        return Err(CatalogError::BadMeasure { sku: code, field });
    }
    let bad = |barcode: &&Barcode| {
        !(1..=100).contains(&scanned(&barcode.barcode).len()) || !(1..=LARGEST).contains(&barcode.unit_factor)
    };
    match sku.barcodes.iter().find(bad) {
        Some(barcode) => Err(CatalogError::BadBarcode { sku: code, barcode: barcode.barcode.clone() }),
        None => Ok(()),
    }
}

/// Whether every code and every barcode is named once.
///
/// # Errors
/// The first that is named twice.
pub fn once(skus: &[SkuInput]) -> Result<(), CatalogError> {
    let (mut codes, mut barcodes) = (BTreeSet::new(), BTreeSet::new());
    for sku in skus {
        let code = scanned(&sku.code);
        for barcode in &sku.barcodes {
            let barcode = scanned(&barcode.barcode);
            if !barcodes.insert(barcode.clone()) {
                return Err(CatalogError::BarcodeTwice { barcode, sku: code });
            }
        }
        if !codes.insert(code.clone()) {
            return Err(CatalogError::SkuTwice { sku: code });
        }
    }
    Ok(())
}

/// Which SKU has which of these barcodes now.
///
/// # Errors
/// A failure of the database.
pub async fn owners(tx: &mut Tx<'_>, skus: &[SkuInput]) -> Result<BTreeMap<String, String>, DbError> {
    let barcodes = skus.iter().flat_map(|sku| &sku.barcodes).map(|barcode| args![scanned(&barcode.barcode)]);
    let found: Vec<(String, String)> = tx.bulk(sql::BARCODE_OWNERS, barcodes.collect()).await?;
    Ok(found.into_iter().collect())
}

async fn write(op: &mut Op<'_, '_>, skus: &[SkuInput]) -> Result<i64, DbError> {
    let at = op.at();
    let rows = skus.iter().map(|sku| {
        args![
            scanned(&sku.code),
            sku.name_en.trim(),
            sku.name_zh.trim(),
            sku.category.trim(),
            sku.weight_grams,
            sku.length_mm,
            sku.width_mm,
            sku.height_mm,
            sku.fragile,
            sku.packing_note.trim(),
            serde_json::to_string(&sku.papers).unwrap_or_else(|_| "[]".to_owned()),
            sku.expires,
            at
        ]
    });
    let made: Vec<(SkuId, String)> = op.tx.bulk(sql::UPSERT_SKUS, rows.collect()).await?;
    let ids: BTreeMap<String, SkuId> = made.into_iter().map(|(id, code)| (code, id)).collect();
    let mut barcodes = Vec::new();
    for sku in skus {
        let Some(id) = ids.get(&scanned(&sku.code)) else { continue };
        for barcode in &sku.barcodes {
            barcodes.push(args![scanned(&barcode.barcode), *id, barcode.unit_factor]);
        }
    }
    let count = i64::try_from(barcodes.len()).unwrap_or(i64::MAX);
    op.tx.bulk_exec(sql::UPSERT_BARCODES, barcodes).await?;
    Ok(count)
}

/// What a scan means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The SKU.
    pub sku: SkuId,
    /// Its code.
    pub code: String,
    /// Pieces that the scan stands for.
    pub unit_factor: i64,
}

/// A barcode as another scanner gives it: UPC-A and EAN-13 differ by a leading zero.
#[must_use]
pub fn other_form(code: &str) -> String {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    match code.strip_prefix('0') {
        Some(rest) if digits && code.len() == 13 => rest.to_owned(),
        _ if digits && code.len() == 12 => format!("0{code}"),
        _ => code.to_owned(),
    }
}

/// What a scanned text means, if the catalogue knows it.
///
/// # Errors
/// A failure of the database.
pub async fn resolve(tx: &mut Tx<'_>, text: &str) -> Result<Option<Resolved>, DbError> {
    let code = scanned(text);
    let other = other_form(&code);
    let found: Option<(SkuId, String, i64)> = tx.opt(sql::RESOLVE, args![code, other]).await?;
    Ok(found.map(|(sku, code, unit_factor)| Resolved { sku, code, unit_factor }))
}

/// A stored JSON list as the list that it is.
fn as_list<S: serde::Serializer>(stored: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let list: Vec<String> = serde_json::from_str(stored).unwrap_or_default();
    list.serialize(serializer)
}

row! {
    /// A SKU as it is stored.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct SkuView {
        /// Its id.
        pub id: SkuId,
        /// Its code.
        pub code: String,
        /// English name.
        pub name_en: String,
        /// Chinese name.
        pub name_zh: String,
        /// What it is grouped under.
        pub category: String,
        /// Weight of one piece, in grams.
        pub weight_grams: i64,
        /// Length in millimetres.
        pub length_mm: i64,
        /// Width in millimetres.
        pub width_mm: i64,
        /// Height in millimetres.
        pub height_mm: i64,
        /// Whether it breaks.
        pub fragile: bool,
        /// What the packer must know.
        pub packing_note: String,
        /// Papers that must be inside.
        #[serde(serialize_with = "as_list")]
        #[schema(value_type = Vec<String>)]
        pub papers: String,
        /// Whether its lots expire.
        pub expires: bool,
        /// Whether it is still sold.
        pub active: bool,
    }
}

/// A SKU with its barcodes.
///
/// # Errors
/// [`CatalogError::NotFound`], or a failure of the database.
pub async fn sku_view(tx: &mut Tx<'_>, code: &str) -> Result<(SkuView, Vec<Barcode>), CatalogError> {
    let found: Option<SkuView> = tx.opt(sql::SELECT_VIEW, args![scanned(code)]).await?;
    let sku = found.ok_or_else(|| CatalogError::NotFound { what: "SKU", code: code.to_owned() })?;
    let barcodes: Vec<(String, i64)> = tx.all(sql::LIST_BARCODES, args![sku.id]).await?;
    let barcodes = barcodes.into_iter().map(|(barcode, unit_factor)| Barcode { barcode, unit_factor });
    Ok((sku, barcodes.collect()))
}

/// A page of SKUs behind `after`.
///
/// # Errors
/// A failure of the database.
pub async fn list(tx: &mut Tx<'_>, after: SkuId, limit: i64) -> Result<Vec<SkuView>, CatalogError> {
    Ok(tx.all(sql::LIST, args![after, limit.clamp(1, 1000)]).await?)
}
