//! Every kind in six scripts at three densities, read by decoders that are not ours.
//!
//! Each code is cut out of the picture with its quiet zone and nothing more: what it needs around it must be its own.

use crate::judges::{judge, judges_here};
use crate::kinds::wide;
use serde_json::{Value, json};
use std::path::Path;
use tallyman_labels::{Item, Kind, LabelError, Layouts, Media, Rect, Sheet, png};

/// Texts as people of each script write them.
pub const SCRIPTS: [(&str, &str); 6] = [
    ("zh-CN", "广东省东莞市虎门镇同心书店（两件）易碎品，轻拿轻放"),
    ("zh-TW", "臺北市信義區松仁路一百號，內有瓷器，請輕放（兩件）"),
    ("ja", "東京都千代田区丸の内一丁目ワレモノ注意、カタカナ"),
    ("ko", "서울특별시종로구세종대로깨지기쉬운물건두개"),
    ("latin", "Łódź Ångström Žižkov Đà Nẵng Größe façade ñandú Çelebi "),
    ("mixed", "东京Tokyo서울Łódź №5 かな ½ ￥9.90 臺灣 "),
];
/// Fields that machines read, or that are numbers, stay as they are.
const KEPT: [&str; 21] = [
    "language",
    "waybill_number",
    "order_number",
    "parcel_number",
    "sscc",
    "gtin",
    "lot",
    "lot_number",
    "best_before",
    "number",
    "location",
    "barcode",
    "addon",
    "code",
    "token",
    "received_on",
    "expires_on",
    "sku",
    "positions",
    "arrow",
    "routing_code",
];

/// The sample of a kind with its words in a script, each as long as it was.
pub fn worded(value: &mut Value, name: &str, script: &str) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| worded(value, name, script)),
        Value::Array(list) => list.iter_mut().for_each(|value| worded(value, name, script)),
        Value::String(text) if !KEPT.contains(&name) && text.chars().any(char::is_alphabetic) => {
            let wide = |c: char| if u32::from(c) >= 0x1100 { 2 } else { 1 };
            let room: usize = text.chars().map(wide).sum();
            let mut used = 0;
            *text = script
                .chars()
                .cycle()
                .take_while(|c| {
                    used += wide(*c);
                    used <= room
                })
                .collect();
        }
        _ => {}
    }
}

/// The codes of a sheet: where they are, and what they must say.
fn codes(sheet: &Sheet) -> Vec<Value> {
    let code = |rect: &Rect, symbology: tallyman_labels::Symbology, data: &str| {
        let Rect { x, y, .. } = *rect;
        json!({ "box": [x, y, rect.right(), rect.bottom()], "symbology": symbology.code(), "data": data })
    };
    let found = sheet.items.iter().filter_map(|item| match item {
        Item::Bars(bars) => Some(code(&bars.rect, bars.symbol.symbology, &bars.symbol.data)),
        Item::Matrix(matrix) => Some(code(&matrix.rect, matrix.symbol.symbology, &matrix.symbol.data)),
        _ => None,
    });
    found.collect()
}

#[test]
fn every_code_of_every_kind_is_read_by_two_decoders() {
    let Some(()) = judges_here() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decoded-labels");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let layouts = Layouts::default();
    let mut index = Vec::new();
    for kind in Kind::ALL {
        for ((script, words), (dpi, dots_per_m)) in SCRIPTS
            .iter()
            .flat_map(|script| [("203", 8_000), ("300", 11_811), ("600", 23_622)].map(|dpi| (script, dpi)))
        {
            let mut json: Value = serde_json::from_str(kind.sample_json()).unwrap();
            worded(&mut json, "", words);
            let label = kind.read(&json.to_string()).unwrap();
            for stock in layouts.stocks(*kind) {
                let profile = wide(dots_per_m, dots_per_m / 4);
                let sheets = match layouts.lay_out(&label, &Media::named(&stock).unwrap(), &profile) {
                    Ok(sheets) => sheets,
                    // A name that is longer in this script than its place: refused by its field, never cut.
                    Err(LabelError::Overflow { field, .. }) => {
                        panic!("{} {stock} {script} {dpi}: {field} is too long", kind.name())
                    }
                    Err(error) => panic!("{} {stock} {script} {dpi}: {error}", kind.name()),
                };
                let sheet = &sheets[0];
                let name = format!("{}-{stock}-{script}-{dpi}.png", kind.name());
                std::fs::write(folder.join(&name), png::encode(sheet).unwrap()).unwrap();
                index.push(json!({ "picture": name, "codes": codes(sheet) }));
            }
        }
    }
    std::fs::write(folder.join("index.json"), Value::from(index).to_string()).unwrap();
    judge("decode.py", &folder);
}
