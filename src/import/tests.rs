use super::*;

fn read(what: What, text: &str) -> Result<Parsed, Errors> {
    parse(what, text.as_bytes(), &TimeZone::get("Asia/Shanghai").unwrap(), &mut |_, _| {})
}

/// Row, column, value and code of each error.
fn wrong(what: What, text: &str) -> Vec<(u64, String, String, &'static str)> {
    let errors = read(what, text).expect_err(text);
    errors.list.into_iter().map(|error| (error.row, error.column, error.value, error.code)).collect()
}

fn one(what: What, text: &str) -> (u64, String, String, &'static str) {
    let mut all = wrong(what, text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn every_template_is_a_file_that_is_taken() {
    for what in What::ALL {
        let parsed = read(*what, &template(*what)).unwrap_or_else(|errors| panic!("{what}: {errors:?}"));
        assert!(parsed.row_count >= 3, "{what}");
        let header = template(*what).lines().next().unwrap().trim_start_matches('\u{feff}').to_owned();
        let names: Vec<&str> = columns(*what).iter().map(|column| column.name).collect();
        assert_eq!(header.split(',').collect::<Vec<_>>(), names, "{what} shows every column");
    }
}

#[test]
fn no_two_columns_share_a_name() {
    for what in What::ALL {
        let mut seen = std::collections::HashSet::new();
        for column in columns(*what) {
            let names = column.also.iter().chain([&column.name]).map(|name| crate::kernel::text::folded(name));
            for name in names.collect::<std::collections::BTreeSet<_>>() {
                assert!(seen.insert(name.clone()), "{what}: {name}");
            }
        }
    }
}

#[test]
fn headers_are_read_in_both_languages_however_they_are_spaced() {
    let parsed = read(What::Skus, "商品编码;名称;Weight (g);条码\r\ntea-1;龙井;280;690 ;\r\n");
    let Records::Skus(skus) = parsed.unwrap().records else { panic!() };
    assert_eq!((skus[0].code.as_str(), skus[0].name_zh.as_str(), skus[0].weight_grams), ("TEA-1", "龙井", 280));
    assert_eq!(skus[0].barcodes[0].barcode, "690");
}

#[test]
fn every_kind_of_mistake_is_named_by_row_and_column() {
    use What::{Locations, Orders, Skus, Stock};
    let table = [
        (Skus, "name_en\nTea\n", (1, "code", "", "import.missing_column")),
        (Skus, "code,name_en,colour\nA,Tea,red\n", (1, "colour", "colour", "import.unknown_column")),
        (Skus, "code,name_en,SKU\nA,Tea,B\n", (1, "SKU", "SKU", "import.repeated_column")),
        (Skus, "code,name_en\nA,Tea,red\n", (2, "3", "red", "import.cell_without_column")),
        (Skus, "code,name_en\n\n,Tea\n", (3, "code", "", "import.missing")),
        (Skus, "code,name_en\nA,\n", (2, "name_en", "", "import.name_missing")),
        (Skus, "code,name_en,weight\nA,Tea,1 200\n", (2, "weight", "1 200", "import.bad_number")),
        (Skus, "code,name_en,weight\nA,Tea,\"1,200\"\n", (2, "weight", "1,200", "import.bad_number")),
        (Skus, "code,name_en,weight\nA,Tea,１２\n", (2, "weight", "１２", "import.bad_number")),
        (Skus, "code,name_en,weight\nA,Tea,-1\n", (2, "weight", "-1", "import.bad_number")),
        (Skus, "code,name_en,weight\nA,Tea,0.5\n", (2, "weight", "0.5", "import.bad_number")),
        (Skus, "code,name_en,fragile\nA,Tea,maybe\n", (2, "fragile", "maybe", "import.bad_yes_no")),
        (Skus, "code,name_en\nA,Tea\na,Tee\n", (3, "code", "a", "import.repeated_sku")),
        (Skus, "code,name_en,ean\nA,Tea,6.90123E+12\n", (2, "ean", "6.90123E+12", "import.shortened")),
        (Skus, "code,name_en,ean\n6.9E+11,Tea,\n", (2, "code", "6.9E+11", "import.shortened")),
        (Skus, "code,name_en,ean\nA,Tea,69*0\n", (2, "ean", "69*0", "import.bad_barcode")),
        (Skus, "code,name_en,ean\nA,Tea,69\nB,Cup,70;69\n", (3, "ean", "70;69", "import.repeated_barcode")),
        (Locations, "code,zone\nA 1,A\n", (2, "code", "A 1", "import.bad_code")),
        (Locations, "code,zone\nA-1,A\na-1,A\n", (3, "code", "a-1", "import.repeated_location")),
        (Stock, "sku,location,quantity,lot\nA,L,0,1\n", (2, "quantity", "0", "import.bad_number")),
        (Stock, "sku,location,quantity,lot\nA,L,,1\n", (2, "quantity", "", "import.missing")),
        (Stock, "sku,location,qty,lot,expires\nA,L,1,1,31.12.2027\n", (2, "expires", "31.12.2027", "import.bad_date")),
        (Stock, "sku,location,qty,lot,状态\nA,L,1,1,fine\n", (2, "状态", "fine", "import.bad_choice")),
        (
            Stock,
            "sku,location,qty,lot,expires\nA,L,1,1,2027-01-01\nA,M,1,1,2027-01-02\n",
            (3, "expires", "2027-01-02", "import.lot_differs"),
        ),
        (Orders, "order,sku,qty,price\n1,A,1,12.345\n", (2, "price", "12.345", "import.bad_money")),
        (Orders, "order,sku,qty,currency\n1,A,1,$\n", (2, "currency", "$", "import.bad_currency")),
        (Orders, "order,sku,qty,phone\n1,A,1,138\n1,B,1,139\n", (3, "phone", "139", "import.order_differs")),
        (Orders, "order,line,sku,qty\n1,1,A,1\n1,1,B,1\n", (3, "line", "1", "import.repeated_line")),
        (Orders, "order,sku,qty,short_policy\n1,A,1,guess\n", (2, "short_policy", "guess", "import.bad_choice")),
        (Skus, "code,name_en\n\"A,Tea\n", (0, "", "", "import.quote")),
        (Skus, "code,name_en\n", (0, "", "", "import.empty")),
        (Skus, "", (0, "", "", "import.empty")),
    ];
    for (what, text, (row, column, value, code)) in table {
        assert_eq!(one(what, text), (row, column.to_owned(), value.to_owned(), code), "{text}");
    }
    let texts: std::collections::BTreeSet<&str> = table.iter().map(|(_, _, (.., code))| *code).collect();
    for code in texts {
        assert_ne!(crate::messages::say(crate::messages::Language::ZhCn, code, &[]), code, "{code} has a sentence");
    }
}

#[test]
fn all_mistakes_are_counted_and_a_hundred_listed() {
    let mut text = String::from("code,zone,position\n");
    for n in 0..250 {
        text.push_str(&format!("L-{n},A,x\n"));
    }
    let errors = read(What::Locations, &text).unwrap_err();
    assert_eq!((errors.count, errors.list.len(), errors.list[99].row), (250, LISTED, 101));
}

#[test]
fn what_is_no_text_and_what_is_too_much_are_refused_as_a_whole() {
    let errors = parse(What::Skus, b"code,name\nA,caf\xe9\n", &TimeZone::UTC, &mut |_, _| {}).unwrap_err();
    assert_eq!((errors.list[0].code, errors.list[0].facts[0].1.as_str()), ("import.encoding", "2"));
    let many = "order,sku,qty\n".to_owned() + &(0..=MOST_ORDERS).map(|n| format!("{n},A,1\n")).collect::<String>();
    assert_eq!(one(What::Orders, &many).3, "import.too_many_orders");
    let long = "code,zone\n".to_owned() + &"A,A\n".repeat(usize::try_from(MOST_ROWS).unwrap() + 1);
    assert_eq!(read(What::Locations, &long).unwrap_err().list[0].code, "import.too_many_rows");
}

#[test]
fn rows_are_counted_as_the_table_program_shows_them() {
    let text = "sep=;\ncode;name_en;note\nA;Tea;\"two\nlines\"\n\nB;;\n";
    assert_eq!(one(What::Skus, text), (5, "name_en".into(), String::new(), "import.name_missing"));
}

#[test]
fn the_rows_of_an_order_are_put_together() {
    let text = template(What::Orders);
    let Records::Orders(orders) = read(What::Orders, &text).unwrap().records else { panic!() };
    assert_eq!(orders.len(), 2);
    let first = &orders[0];
    assert_eq!((first.lines.len(), first.total_minor, first.receiver.city.as_str()), (2, 16_500, "杭州市"));
    assert_eq!(first.placed_at.unwrap().rfc3339(), "2026-11-21T01:15:00.000Z");
    assert_eq!((orders[1].paid, orders[1].cash_on_delivery_minor), (false, 9_800));
}

#[test]
fn without_a_walk_order_the_rows_are_the_walk() {
    let Records::Locations(list) = read(What::Locations, "code,zone\nB,A\nA,A\n").unwrap().records else { panic!() };
    assert!(list[0].walk_order < list[1].walk_order);
}

#[test]
fn the_readme_names_every_column() {
    let page = include_str!("../../README.md");
    for what in What::ALL {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| `{what}`"))).unwrap_or_else(|| panic!("{what}"));
        for column in columns(*what) {
            assert!(row.contains(&format!("`{}`", column.name)), "{what}: {} isn't in the README", column.name);
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        for what in What::ALL {
            let _ = parse(*what, &bytes, &TimeZone::UTC, &mut |_, _| {});
        }
    }

    #[test]
    fn no_cell_makes_it_panic(cells in proptest::collection::vec("[0-9A-Za-z;*+./: 年-]{0,20}", 23)) {
        for what in What::ALL {
            let header: Vec<&str> = columns(*what).iter().map(|column| column.name).collect();
            let text = format!("{}\n{}\n", header.join("\t"), cells[..header.len()].join("\t"));
            let _ = read(*what, &text);
        }
    }
}
