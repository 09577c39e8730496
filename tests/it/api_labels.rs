//! Labels over the API: what kinds there are, and how one would look.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;

use crate::both;
use crate::support::World;
use crate::support::http::Client;

async fn picker(world: &World) -> Client {
    Client::of(world, Role::Picker).await
}

both!(every_kind_is_listed_with_a_sample_that_can_be_shown, |world| {
    let client = picker(world).await;
    let kinds = client.get("/labels/kinds").await.json();
    let kinds = kinds.as_array().unwrap();
    assert_eq!(kinds.len(), 16);
    for kind in kinds {
        for stock in kind["stocks"].as_array().unwrap() {
            let asked = json!({ "kind": kind["kind"], "data": kind["sample"], "stock": stock });
            let shown = client.send("POST", "/labels/preview", "", asked).await;
            assert_eq!(shown.status.as_u16(), 200, "{}: {}", kind["kind"], shown.text);
            assert_eq!(shown.headers["content-type"], "image/png");
        }
    }
});

both!(a_label_is_shown_in_every_format_and_page_by_page, |world| {
    let client = picker(world).await;
    let show = async |asked: Value| client.send("POST", "/labels/preview", "", asked).await;
    for (format, media, begins) in [
        ("svg", "image/svg+xml", "<svg"),
        ("pdf", "application/pdf", "%PDF-"),
        ("zpl", "application/octet-stream", "^XA"),
        ("tspl", "application/octet-stream", "SIZE "),
        ("epl", "application/octet-stream", "\nN\n"),
        ("cpcl", "application/octet-stream", "! 0 200"),
        ("escpos", "application/octet-stream", "\u{1b}@"),
    ] {
        let shown = show(json!({ "kind": "tote", "format": format })).await;
        assert_eq!(shown.headers["content-type"], media, "{format}");
        assert!(shown.text.starts_with(begins), "{format}: {:?}", shown.text.get(..20));
    }
    let cart = show(json!({ "kind": "cart", "page": 4 })).await;
    assert_eq!((cart.status.as_u16(), cart.headers["tallyman-pages"].to_str().unwrap()), (200, "4"));
    let long = json!({ "kind": "sku", "data": { "sku": "A", "barcode": "A", "name": "名".repeat(200) } });
    assert_eq!(show(long).await.headers["tallyman-truncated"], "name");
});

both!(what_cannot_be_shown_is_refused_by_its_field_in_both_languages, |world| {
    let client = picker(world).await;
    for (asked, code, said) in [
        (json!({ "kind": "pallet" }), "label.unknown_kind", "pallet"),
        (json!({ "kind": "tote", "format": "gif" }), "label.unknown_format", "gif"),
        (json!({ "kind": "tote", "stock": "wide" }), "label.unknown_stock", "wide"),
        (json!({ "kind": "tote", "stock": "20x20" }), "label.no_layout", "100x50"),
        (json!({ "kind": "tote", "dpi": 72 }), "label.density", "72"),
        (json!({ "kind": "tote", "page": 2 }), "label.no_page", "2"),
        (json!({ "kind": "tote", "page": -1 }), "label.no_page", "-1"),
        (json!({ "kind": "cart", "page": i64::MIN }), "label.no_page", "4"),
        (json!({ "kind": "tote", "data": { "nummer": 1 } }), "label.data", "nummer"),
        (json!({ "kind": "tote", "data": 7 }), "label.data", "tote"),
        (json!({ "kind": "tote", "data": { "number": "W".repeat(300) } }), "label.overflow", "number"),
        (json!({ "kind": "put_wall_slot", "data": { "code": "Ab1".repeat(20) } }), "label.barcode_too_wide", "code"),
        (json!({ "kind": "tote", "data": { "number": "T", "note": "📞" } }), "label.missing_glyph", "U+1F4DE"),
        (json!({ "kind": "tote", "data": { "number": "箱1" } }), "label.not_ascii", "number"),
        (json!({ "kind": "logistic", "data": { "sscc": "340123450000000001" } }), "gs1.check", "csum"),
    ] {
        let refused = client.send("POST", "/labels/preview", "", asked.clone()).await;
        assert_eq!(refused.refusal(), (422, code.to_owned()), "{asked}");
        assert!(refused.text.contains(said), "{asked}: {}", refused.text);
    }
    let asked = json!({ "kind": "tote", "stock": "wide", "extra": 1 });
    assert_eq!(client.send("POST", "/labels/preview", "", asked).await.refusal(), (400, "bad_request".to_owned()));
});
