//! The kinds of labels and papers: what each says, in warehouse words. How it looks stands in `layouts/`.

mod goods;
pub(crate) mod numbers;
mod papers;
mod people;
mod places;
mod shipping;

pub use goods::{LotLabel, SkuLabel};
pub use papers::{
    CountLine, CountSheet, Invoice, InvoiceLine, InvoiceParty, Manifest, ManifestLine, PackingLine, PackingSlip,
    PickLine, PickList, Sum,
};
pub use people::{Badge, CommandCard, CommandCards, TestPage};
pub use places::{Cart, LocationLabel, PutWallSlot, ToteLabel};
pub use shipping::{LogisticLabel, Party, ShippingLabel};

use crate::error::LabelError;
use crate::layout::fields::{Fields, Names};
use crate::words::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// Fields that a kind works out from those it is given.
type Added = Result<Vec<(&'static str, Value)>, LabelError>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($type:ty), $name:literal, $sample:literal, [$($layout:literal),+];)+) => {
        /// A kind of label or paper.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        /// A label or paper: what it says.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Label {
            $($(#[$doc])* $variant($type),)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// Its name in files and commands.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)+ }
            }

            /// A sample with every field filled, as JSON.
            pub fn sample_json(self) -> &'static str {
                match self { $(Kind::$variant => include_str!(concat!("../../samples/", $sample)),)+ }
            }

            /// The layouts in the program, as TOML.
            pub fn layout_files(self) -> &'static [(&'static str, &'static str)] {
                match self {
                    $(Kind::$variant => &[$(($layout, include_str!(concat!("../../layouts/", $layout)))),+],)+
                }
            }

            pub(crate) fn names(self) -> &'static Names {
                match self {
                    $(Kind::$variant => {
                        static NAMES: OnceLock<Names> = OnceLock::new();
                        NAMES.get_or_init(|| sample_names(self))
                    })+
                }
            }
        }

        impl Label {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Label::$variant(_) => Kind::$variant,)+ }
            }

            /// The language of its captions.
            pub fn language(&self) -> Language {
                match self { $(Label::$variant(label) => label.language,)+ }
            }

            fn added(&self) -> Added {
                match self { $(Label::$variant(label) => label.added(),)+ }
            }

            /// A label of a kind from its JSON, without the `kind` in it.
            fn of_kind(kind: Kind, json: Value) -> serde_json::Result<Label> {
                match kind { $(Kind::$variant => serde_json::from_value(json).map(Label::$variant),)+ }
            }

            fn values(&self) -> serde_json::Result<Value> {
                match self { $(Label::$variant(label) => serde_json::to_value(label),)+ }
            }
        }
    };
}

kinds! {
    /// What the sorter, the courier and the packer's house read on a parcel (电子面单).
    Shipping(ShippingLabel), "shipping", "shipping.json", ["shipping-100x150.toml", "shipping-76x130.toml"];
    /// GS1 logistic label of a carton or pallet, with its SSCC.
    Logistic(LogisticLabel), "logistic", "logistic.json", ["logistic-100x150.toml"];
    /// What lies in a parcel (装箱单).
    PackingSlip(PackingSlip), "packing_slip", "packing_slip.json", ["packing_slip.toml", "packing_slip-label.toml"];
    /// What was sold, with prices; not the tax invoice itself.
    Invoice(Invoice), "invoice", "invoice.json", ["invoice.toml"];
    /// What to fetch, in walking order.
    PickList(PickList), "pick_list", "pick_list.json", ["pick_list.toml", "pick_list-label.toml"];
    /// What to count, blind or not.
    CountSheet(CountSheet), "count_sheet", "count_sheet.json", ["count_sheet.toml", "count_sheet-label.toml"];
    /// The parcels handed to a carrier, signed by both (交接单).
    Manifest(Manifest), "manifest", "manifest.json", ["manifest.toml", "manifest-label.toml"];
    /// A place in the shelves, with its check digits.
    Location(LocationLabel), "location", "location.json", ["location-100x50.toml", "location-70x30.toml"];
    /// A product's own code: EAN-13, ISBN with price add-on, or the SKU.
    Sku(SkuLabel), "sku", "sku.json", ["sku-60x40.toml", "sku-50x30.toml"];
    /// A lot of goods: GTIN, lot, expiry for people and scanners.
    Lot(LotLabel), "lot", "lot.json", ["lot-100x50.toml", "lot-60x40.toml"];
    /// A tote.
    Tote(ToteLabel), "tote", "tote.json", ["tote-100x50.toml"];
    /// The positions of a cart, a label each.
    Cart(Cart), "cart", "cart.json", ["cart-100x50.toml"];
    /// A slot of a put wall.
    PutWallSlot(PutWallSlot), "put_wall_slot", "put_wall_slot.json", ["put_wall_slot-70x40.toml"];
    /// A person's badge.
    Badge(Badge), "badge", "badge.json", ["badge-86x54.toml"];
    /// Codes that stand for what a person may say to a screen.
    CommandCards(CommandCards), "command_cards", "command_cards.json",
        ["command_cards-A4.toml", "command_cards-86x54.toml"];
    /// One of everything, to judge a printer by.
    TestPage(TestPage), "test_page", "test_page.json", ["test_page-100x150.toml", "test_page-A4.toml", "test_page-60x40.toml"];
}

impl Kind {
    /// The kind of a name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// A label of this kind from JSON; a `kind` in it must be this one.
    ///
    /// # Errors
    /// What serde says: the field, and what was expected.
    pub fn read(self, json: &str) -> Result<Label, serde_json::Error> {
        let mut value: Value = serde_json::from_str(json)?;
        if let Some(fields) = value.as_object_mut()
            && let Some(said) = fields.remove("kind")
            && said.as_str() != Some(self.name())
        {
            let message = format!("its kind is {said}, not {:?}", self.name());
            return Err(serde::de::Error::custom(message));
        }
        Label::of_kind(self, value)
    }

    /// The sample of this kind.
    ///
    /// # Errors
    /// None for the samples in the program; a test reads them all.
    pub fn sample(self) -> Result<Label, serde_json::Error> {
        self.read(self.sample_json())
    }
}

fn sample_names(kind: Kind) -> Names {
    let fields = kind.sample().ok().and_then(|label| label.fields().ok());
    fields.map(|fields| Names::of(&fields)).unwrap_or_default()
}

impl Label {
    /// Its fields as layouts see them, those included that are worked out.
    ///
    /// # Errors
    /// Data that is wrong in itself, as an SSCC with a wrong check digit.
    pub(crate) fn fields(&self) -> Result<Fields, LabelError> {
        let mut values = match self.values() {
            Ok(Value::Object(values)) => values,
            _ => Map::new(),
        };
        for (name, value) in self.added()? {
            values.insert(name.to_owned(), value);
        }
        Ok(Fields::new(Value::Object(values)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_of_its_kind_and_leaves_no_field_out() {
        for kind in Kind::ALL {
            let label = kind.sample().unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
            assert_eq!(label.kind(), *kind);
            let values = label.values().unwrap().to_string();
            assert!(
                !values.contains("null") && !values.contains("[]") && !values.contains("\"\""),
                "{}: {values}",
                kind.name()
            );
            assert!(!kind.names().texts().is_empty(), "{}", kind.name());
        }
    }

    #[test]
    fn a_label_is_read_by_its_kind_and_written_with_it() {
        for kind in Kind::ALL {
            let label = kind.sample().unwrap();
            let json = serde_json::to_string(&label).unwrap();
            assert!(json.starts_with(&format!("{{\"kind\":\"{}\"", kind.name())), "{json}");
            assert_eq!(kind.read(&json).unwrap(), label);
            assert_eq!(serde_json::from_str::<Label>(&json).unwrap(), label);
        }
        assert!(Kind::Tote.read(Kind::Cart.sample_json()).is_err());
        assert!(Kind::Tote.read("{\"kind\":\"cart\"}").unwrap_err().to_string().contains("its kind is \"cart\""));
        assert_eq!(Kind::named("pallet"), None);
    }
}
