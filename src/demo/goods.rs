//! The believable warehouse: three aisles, two hundred SKUs, their lots, and what fifty buyers want. Made from a seed, so
//! that two demos are alike.

use serde_json::{Value, json};

use crate::kernel::Timestamp;
use crate::kernel::random::SeededRandom;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A family of goods: prefix, category, whether it expires, whether it breaks, grams, names and variants in both
/// languages.
struct Family {
    prefix: &'static str,
    category: &'static str,
    expires: bool,
    fragile: bool,
    grams: i64,
    names: [(&'static str, &'static str); 8],
    variants: [(&'static str, &'static str); 5],
}

const FAMILIES: [Family; 5] = [
    Family {
        prefix: "TEA",
        category: "tea",
        expires: true,
        fragile: false,
        grams: 120,
        names: [
            ("Longjing", "龙井茶"),
            ("Biluochun", "碧螺春"),
            ("Tieguanyin", "铁观音"),
            ("Da Hong Pao", "大红袍"),
            ("Pu'er", "普洱茶"),
            ("Jasmine tea", "茉莉花茶"),
            ("White peony", "白牡丹"),
            ("Keemun", "祁门红茶"),
        ],
        variants: [("50 g", "50克"), ("100 g", "100克"), ("250 g", "250克"), ("tin", "罐装"), ("gift box", "礼盒")],
    },
    Family {
        prefix: "BOOK",
        category: "books",
        expires: false,
        fragile: false,
        grams: 420,
        names: [
            ("Dream of the Red Chamber", "红楼梦"),
            ("Journey to the West", "西游记"),
            ("Water Margin", "水浒传"),
            ("Three Kingdoms", "三国演义"),
            ("Strange Tales", "聊斋志异"),
            ("The Scholars", "儒林外史"),
            ("Fortress Besieged", "围城"),
            ("Rickshaw Boy", "骆驼祥子"),
        ],
        variants: [
            ("hardcover", "精装"),
            ("paperback", "平装"),
            ("annotated", "注释本"),
            ("illustrated", "插图本"),
            ("for children", "少儿版"),
        ],
    },
    Family {
        prefix: "CUP",
        category: "kitchen",
        expires: false,
        fragile: true,
        grams: 310,
        names: [
            ("Glass cup", "玻璃杯"),
            ("Tea bowl", "茶碗"),
            ("Gaiwan", "盖碗"),
            ("Teapot", "茶壶"),
            ("Rice bowl", "饭碗"),
            ("Soup spoon", "汤匙"),
            ("Plate", "盘子"),
            ("Vase", "花瓶"),
        ],
        variants: [("white", "白色"), ("celadon", "青瓷"), ("blue", "蓝色"), ("black", "黑色"), ("clear", "透明")],
    },
    Family {
        prefix: "SNACK",
        category: "snacks",
        expires: true,
        fragile: false,
        grams: 200,
        names: [
            ("Walnuts", "核桃"),
            ("Dried mango", "芒果干"),
            ("Sesame candy", "芝麻糖"),
            ("Red dates", "红枣"),
            ("Peanuts", "花生"),
            ("Rice crackers", "米饼"),
            ("Plum candy", "话梅糖"),
            ("Seaweed", "海苔"),
        ],
        variants: [
            ("80 g", "80克"),
            ("150 g", "150克"),
            ("300 g", "300克"),
            ("spicy", "香辣"),
            ("family pack", "家庭装"),
        ],
    },
    Family {
        prefix: "PEN",
        category: "stationery",
        expires: false,
        fragile: false,
        grams: 35,
        names: [
            ("Fountain pen", "钢笔"),
            ("Writing brush", "毛笔"),
            ("Ink", "墨水"),
            ("Notebook", "笔记本"),
            ("Pencil set", "铅笔套装"),
            ("Ruler", "直尺"),
            ("Eraser", "橡皮"),
            ("Sticky notes", "便利贴"),
        ],
        variants: [("red", "红色"), ("blue", "蓝色"), ("black", "黑色"), ("green", "绿色"), ("mixed", "混色")],
    },
];

/// A SKU of the demo.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) code: String,
    name_en: String,
    name_zh: String,
    category: &'static str,
    grams: i64,
    fragile: bool,
    expires: bool,
    pub(super) barcode: String,
    carton: Option<String>,
    invoice: bool,
}

/// The SKU whose last piece isn't where the books say: with one piece less on the shelf than the first order wants.
pub(super) const SHORT_SKU: &str = "CUP-01-1";
/// How many pieces of it there are by the books, and how many the first order wants.
const SHORT_PIECES: i64 = 2;

/// Behind twelve digits, or behind thirteen of a carton, the digit that GS1 asks for.
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(digit.saturating_sub(b'0')) * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// All two hundred.
pub(super) fn goods() -> Vec<Good> {
    let mut goods = Vec::new();
    for (family_at, family) in FAMILIES.iter().enumerate() {
        for (name_at, (en, zh)) in family.names.iter().enumerate() {
            for (variant_at, (variant_en, variant_zh)) in family.variants.iter().enumerate() {
                let number = family_at * 40 + name_at * 5 + variant_at;
                let book = family.prefix == "BOOK";
                // ISBNs begin with 978, and 7 for China.
                let digits = if book { format!("9787020{number:05}") } else { format!("6901234{number:05}") };
                let extra = i64::try_from(variant_at).unwrap_or_default() * 40;
                goods.push(Good {
                    code: format!("{}-{:02}-{}", family.prefix, name_at + 1, variant_at + 1),
                    name_en: format!("{en}, {variant_en}"),
                    name_zh: format!("{zh}（{variant_zh}）"),
                    category: family.category,
                    grams: family.grams + extra,
                    fragile: family.fragile,
                    expires: family.expires,
                    carton: family.expires.then(|| with_check_digit(&format!("1{digits}"))),
                    barcode: with_check_digit(&digits),
                    invoice: book && variant_at == 0,
                });
            }
        }
    }
    goods
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// The catalogue, as a file.
pub(super) fn skus_csv(goods: &[Good]) -> String {
    let mut out =
        "code,name_en,name_zh,category,weight_grams,fragile,packing_note,papers,expires,barcodes\n".to_owned();
    for good in goods {
        let carton = good.carton.as_ref().map(|carton| format!(";{carton}*12")).unwrap_or_default();
        let note = if good.fragile { "Wrap by itself 单独包裹" } else { "" };
        let papers = if good.invoice { "warranty" } else { "" };
        out.push_str(&format!(
            "{},\"{}\",{},{},{},{},{note},{papers},{},{}{carton}\n",
            good.code,
            good.name_en,
            good.name_zh,
            good.category,
            good.grams,
            yes_no(good.fragile),
            yes_no(good.expires),
            good.barcode,
        ));
    }
    out
}

/// Bays of an aisle, and shelves of a bay.
const BAYS: u64 = 24;
const SHELVES: u64 = 3;

fn location(number: u64) -> String {
    let number = number % (3 * BAYS * SHELVES);
    let aisle = ["A", "B", "C"].get(usize::try_from(number / (BAYS * SHELVES)).unwrap_or_default()).unwrap_or(&"A");
    format!("{aisle}-{:02}-{}", number / SHELVES % BAYS + 1, number % SHELVES + 1)
}

/// Three aisles, and a reserve that nobody picks from.
pub(super) fn locations_csv() -> String {
    let mut out = "code,zone,aisle,position,walk_order,pickable\n".to_owned();
    for number in 0..3 * BAYS * SHELVES {
        let code = location(number);
        let aisle = code.split('-').next().unwrap_or_default().to_owned();
        // Up one aisle, down the next.
        let bay = number / SHELVES % BAYS;
        let walked = if aisle == "B" { BAYS - 1 - bay } else { bay };
        let walk = number / (BAYS * SHELVES) * 1000 + walked * 10 + number % SHELVES;
        out.push_str(&format!("{code},PICK,{aisle},{},{walk},yes\n", bay + 1));
    }
    for number in 1..=12 {
        out.push_str(&format!("R-{number:02},RESERVE,R,{number},{},no\n", 9000 + number));
    }
    out
}

/// Two or three lots of each SKU on the shelves, and every fifth SKU in reserve; some about to expire, a few expired.
pub(super) fn stock_csv(goods: &[Good], now: Timestamp, random: &SeededRandom) -> String {
    let mut out = "sku,location,quantity,lot,supplier_lot,received,expires\n".to_owned();
    let moment = |days: i64| now.plus_ms(days * DAY_MS).rfc3339();
    let mut row = |good: &Good, place: &str, quantity: u64, lot: u64, received: i64, expires: Option<i64>| {
        let expires = expires.map(moment).unwrap_or_default();
        let (code, received) = (&good.code, moment(-received));
        out.push_str(&format!(
            "{code},{place},{quantity},{code}-L{lot},S{lot}{},{received},{expires}\n",
            random.below(90) + 10
        ));
    };
    for (at, good) in (0_u64..).zip(goods) {
        if good.code == SHORT_SKU {
            row(good, &location(at), SHORT_PIECES.unsigned_abs(), 1, 20, None);
            continue;
        }
        let lots = 2 + at % 2;
        for lot in 1..=lots {
            let age = 90 - i64::try_from(lot * 25).unwrap_or_default();
            // The first lot of every tenth SKU that expires has done so; that of every fifth is about to.
            let left = match (lot, at % 10) {
                (1, 0) => -3,
                (1, 5) => 9,
                _ => 120 + i64::try_from(lot).unwrap_or_default() * 60,
            };
            row(good, &location(at + (lot - 1) * 71), 15 + random.below(25), lot, age, good.expires.then_some(left));
        }
        if at.is_multiple_of(5) {
            row(good, &format!("R-{:02}", at / 5 % 12 + 1), 120, 9, 10, good.expires.then_some(300));
        }
    }
    out
}

/// One order as the shop holds it.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) external_id: String,
    /// SKU code and pieces of each line.
    pub(super) lines: Vec<(String, i64)>,
    /// As the shop posts it.
    pub(super) body: Value,
}

const SURNAMES: [&str; 10] = ["李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];
const NAMES: [&str; 10] = ["雷", "梅", "伟", "芳", "秀英", "强", "静", "建国", "丽", "洋"];
const PLACES: [(&str, &str, &str, &str); 6] = [
    ("浙江省", "杭州市", "西湖区", "文一西路"),
    ("北京市", "北京市", "海淀区", "中关村大街"),
    ("上海市", "上海市", "徐汇区", "漕溪北路"),
    ("广东省", "深圳市", "南山区", "科苑南路"),
    ("四川省", "成都市", "武侯区", "人民南路四段"),
    ("湖北省", "武汉市", "洪山区", "珞喻路"),
];

fn of<T: Copy>(list: &[T], random: &SeededRandom, otherwise: T) -> T {
    let at = random.below(list.len() as u64);
    list.get(usize::try_from(at).unwrap_or_default()).copied().unwrap_or(otherwise)
}

/// The n-th order (from 1). The first wants the SKU that is short.
pub(super) fn order(n: u64, goods: &[Good], at: Timestamp, random: &SeededRandom) -> Wanted {
    let mut lines: Vec<(String, i64)> = Vec::new();
    if n == 1 {
        lines.push((SHORT_SKU.to_owned(), SHORT_PIECES));
    }
    for _ in 0..=random.below(4) {
        let picked = usize::try_from(random.below(goods.len() as u64)).unwrap_or_default();
        let Some(good) = goods.get(picked) else { continue };
        if good.code != SHORT_SKU && lines.iter().all(|(code, _)| *code != good.code) {
            lines.push((good.code.clone(), 1 + i64::try_from(random.below(3)).unwrap_or_default()));
        }
    }
    if let (true, Some(good)) = (lines.is_empty(), goods.first()) {
        lines.push((good.code.clone(), 1));
    }
    let external_id = format!("W{n:05}");
    let (province, city, district, street) = of(&PLACES, random, ("", "", "", ""));
    let told: Vec<Value> = (1..)
        .zip(&lines)
        .map(|(number, (sku, quantity))| json!({ "external_id": format!("{external_id}-{number}"), "sku": sku, "quantity": quantity, "unit_price": "29.00" }))
        .collect();
    let body = json!({ "type": "order.placed", "timestamp": at.rfc3339(), "data": {
        "external_id": external_id, "version": 1, "placed_at": at.rfc3339(), "paid": true, "currency": "CNY",
        "receiver": {
            "name": format!("{}{}", of(&SURNAMES, random, ""), of(&NAMES, random, "")),
            "phone": format!("13{:09}", 100_000_000 + n * 7_919 + random.below(1_000)),
            "country": "CN", "province": province, "city": city, "district": district,
            "line1": format!("{street} {} 号", 1 + random.below(900)),
            "line2": format!("{} 单元 {}", 1 + random.below(4), 101 + random.below(2_000)),
        },
        "buyer_remark": if n.is_multiple_of(7) { "请放前台，谢谢" } else { "" },
        "lines": told,
    } });
    Wanted { external_id, lines, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{What, parse};

    #[test]
    fn the_warehouse_is_two_hundred_skus_in_three_aisles_with_right_check_digits() {
        let goods = goods();
        assert_eq!(goods.len(), 200);
        assert_eq!(with_check_digit("690123456789"), "6901234567892");
        assert_eq!(with_check_digit("978702000220"), "9787020002207");
        assert!(goods.iter().any(|good| good.barcode.starts_with("978")));
        let read = |what, text: String| {
            parse(what, text.as_bytes(), &jiff::tz::TimeZone::UTC, &mut |_, _| {})
                .unwrap_or_else(|errors| panic!("{errors:?}"))
                .row_count
        };
        assert_eq!(read(What::Skus, skus_csv(&goods)), 200);
        assert_eq!(read(What::Locations, locations_csv()), 228);
        assert!(read(What::Stock, stock_csv(&goods, Timestamp(1_795_255_200_000), &SeededRandom::new(1))) > 500);
    }

    #[test]
    fn no_order_names_a_sku_twice_and_only_the_first_wants_the_short_one() {
        let (goods, random) = (goods(), SeededRandom::new(3));
        for n in 1..=200 {
            let order = order(n, &goods, Timestamp(0), &random);
            let codes: std::collections::BTreeSet<_> = order.lines.iter().map(|(code, _)| code).collect();
            assert_eq!(codes.len(), order.lines.len());
            assert!(!order.lines.is_empty());
            assert_eq!(codes.contains(&SHORT_SKU.to_owned()), n == 1);
        }
    }
}
