//! Files into the warehouse: whole or not at all, on both databases, by operation, command line and API.

use serde_json::Value;
use tallyman::db::OperationKey;
use tallyman::import::{self, ImportError, Imported, Parsed, What};
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::ChannelId;

use crate::both;
use crate::support::World;
use crate::support::http::Client;
use crate::support::program::{Ran, run, tallyman};

fn parsed(what: What, text: &str) -> Parsed {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    import::parse(what, text.as_bytes(), &zone, &mut |_, _| {}).unwrap_or_else(|errors| panic!("{errors:?}"))
}

async fn bring(world: &World, what: What, text: &str) -> Result<Imported, ImportError> {
    import::write(&world.app, world.context(), ChannelId(1), parsed(what, text), false).await
}

async fn taken(world: &World, what: What, text: &str) -> Imported {
    bring(world, what, text).await.unwrap()
}

/// Row, column and code of what is wrong.
async fn wrong(world: &World, what: What, text: &str) -> Vec<(u64, String, &'static str)> {
    match bring(world, what, text).await {
        Err(ImportError::Rows(errors)) => {
            errors.list.into_iter().map(|error| (error.row, error.column, error.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn templates(world: &World) {
    for what in [What::Skus, What::Locations, What::Stock] {
        taken(world, what, &import::template(what)).await;
    }
}

both!(the_templates_make_a_warehouse_with_promised_orders, |world| {
    templates(world).await;
    let orders = taken(world, What::Orders, &import::template(What::Orders)).await;
    assert_eq!((orders.records, orders.promised, orders.short, orders.held), (2, 2, 0, 0));
    let text = "SELECT unit_factor FROM sku_barcode WHERE barcode = '16901234567899'";
    assert_eq!(world.number(text).await, 12);
    assert_eq!(world.number("SELECT CAST(SUM(on_hand) AS BIGINT) FROM stock_cell").await, 685);
    // The end of 2028-03-31 in Shanghai.
    assert_eq!(world.number("SELECT expires_at FROM lot WHERE number = 'L2026-101'").await, 1_838_131_200_000);
    assert_eq!(world.number("SELECT COUNT(*) FROM location WHERE pickable").await, 2);
    assert_eq!(world.text("SELECT papers FROM sku WHERE code = 'BOOK-001'").await, r#"["Invoice","Bookmark"]"#);
    assert_eq!(world.number("SELECT MIN(total_minor) FROM customer_order").await, 9_800);
});

both!(the_same_file_again_changes_nothing_but_what_it_says, |world| {
    templates(world).await;
    taken(world, What::Skus, "code,name_en\nCUP-001,Big cup\n").await;
    assert_eq!(world.text("SELECT name_en FROM sku WHERE code = 'CUP-001'").await, "Big cup");
    let orders = import::template(What::Orders);
    taken(world, What::Orders, &orders).await;
    taken(world, What::Orders, &orders).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM customer_order").await, 2);
    // Stock under the same key is the same receipt.
    let key = || world.keyed("stock-1");
    let stock = || parsed(What::Stock, "sku,location,qty,lot\nCUP-001,A-01-02,5,C-9\n");
    for _ in 0..2 {
        import::write(&world.app, key(), ChannelId(1), stock(), false).await.unwrap();
    }
    assert_eq!(world.number("SELECT CAST(SUM(quantity) AS BIGINT) FROM movement").await, 690);
    assert!(world.db.was_done(&OperationKey::parse("stock-1").unwrap()).await.unwrap());
    assert!(!world.db.was_done(&OperationKey::parse("stock-2").unwrap()).await.unwrap());
});

both!(what_the_database_does_not_know_is_named_by_row, |world| {
    templates(world).await;
    world.sql("INSERT INTO place (warehouse_id, kind, code) VALUES (1, 'tote', 'T000001')").await;
    let skus = "code,name_en,barcodes\nNEW-1,New,111;6901234500019\nTEA-001,Tea,6901234567892\n";
    assert_eq!(wrong(world, What::Skus, skus).await, [(2, "barcodes".into(), "import.barcode_taken")]);
    assert_eq!(
        wrong(world, What::Locations, "code,zone\nC-1,C\nT000001,C\n").await,
        [(3, "code".into(), "import.code_taken")]
    );
    let stock = "sku,location,qty,lot,expires\nNOPE,A-01-01,1,X,\nTEA-001,Z-9,1,X,\n6901234567892,T000001,1,X,\nTEA-001,A-01-01,1,L2026-101,2029-01-01\n";
    let expected = [
        (2, "sku".to_owned(), "import.unknown_sku"),
        (3, "location".to_owned(), "import.unknown_location"),
        (4, "location".to_owned(), "import.no_location"),
        (5, "lot".to_owned(), "import.lot_known"),
    ];
    assert_eq!(wrong(world, What::Stock, stock).await, expected);
    assert_eq!(world.number("SELECT COUNT(*) FROM sku").await, 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM movement").await, 4);
});

both!(stock_may_name_its_skus_by_any_barcode, |world| {
    templates(world).await;
    let stock =
        "sku,location,qty,lot\n06901234500019,A-01-01,3,N1\n6901234500019,A-01-02,4,N1\n16901234567899,A-01-01,5,N2\n";
    let errors = wrong(world, What::Stock, stock).await;
    assert_eq!(errors, [(2, "sku".into(), "import.unknown_sku")], "fourteen digits are another code");
    let imported = taken(world, What::Stock, &stock.replace("06901234500019", "6901234500019")).await;
    assert_eq!(imported.pieces, 12);
});

both!(orders_that_cannot_become_what_the_file_says_refuse_the_whole_file, |world| {
    templates(world).await;
    let text = "order,sku,qty,name,phone,address,city,country\nN-1,CUP-001,1,李雷,13800000001,文一路 1 号,杭州市,CN\nN-2,CUP-001,900,韩梅,13800000002,文一路 2 号,杭州市,CN\nN-3,GHOST,1,王五,13800000003,文一路 3 号,杭州市,CN\n";
    let imported = taken(world, What::Orders, text).await;
    assert_eq!((imported.promised, imported.short, imported.held), (1, 1, 1));
    world.sql("UPDATE customer_order SET state = 'shipped' WHERE external_id = 'N-2'").await;
    let changed = text.replace("N-1,CUP-001,1", "N-1,CUP-001,2").replace("900", "901");
    let refusal = bring(world, What::Orders, &changed).await.unwrap_err();
    assert_eq!(refusal.refusal().unwrap().code(), "order.not_changeable");
    assert_eq!(world.number("SELECT quantity FROM order_line WHERE external_id = '1' AND order_id = 1").await, 1);
    world.sql("UPDATE customer_order SET state = 'short' WHERE external_id = 'N-2'").await;
});

both!(a_large_file_is_taken_in_one_piece, |world| {
    let skus: String = (0..20_000).map(|n| format!("S{n},Thing {n},{n}\n")).collect();
    let imported = taken(world, What::Skus, &format!("code,name_en,barcode\n{skus}")).await;
    assert_eq!((imported.records, imported.barcodes), (20_000, 20_000));
    let places: String = (0..2_000).map(|n| format!("L{n},A\n")).collect();
    taken(world, What::Locations, &format!("code,zone\n{places}")).await;
    let stock: String = (0..20_000).map(|n| format!("S{n},L{},{},X{n}\n", n % 2_000, 1 + n % 9)).collect();
    assert_eq!(taken(world, What::Stock, &format!("sku,location,qty,lot\n{stock}")).await.records, 20_000);
    // One barcode of the last row belongs to another SKU: nothing of the file is taken.
    let broken: String = (0..20_000).map(|n| format!("S{n},Other {n},{n}\n")).collect();
    let errors = wrong(
        world,
        What::Skus,
        &format!("code,name_en,barcode\n{broken}S-NEW,Other,X;7\n").replace("S7,Other 7,7\n", ""),
    )
    .await;
    assert_eq!(errors, [(20_001, "barcodes".into(), "import.barcode_taken")]);
    assert_eq!(world.number("SELECT COUNT(*) FROM sku WHERE name_en LIKE 'Other%'").await, 0);
});

both!(the_api_takes_files_and_names_their_mistakes, |world| {
    let manager = Client::of(world, Role::Manager).await;
    let answer = manager.post_csv("/import/skus", "k1", import::template(What::Skus)).await;
    assert_eq!((answer.status.as_u16(), answer.json()["records"].as_u64()), (200, Some(3)), "{}", answer.text);
    let again = manager.post_csv("/import/skus", "k1", import::template(What::Skus)).await;
    assert_eq!(again.text, answer.text);
    let reused = manager.post_csv("/import/skus", "k1", "code,name_en\nX,X\n".into()).await;
    assert_eq!((reused.status.as_u16(), reused.json()["code"].as_str()), (422, Some("key.reused")));
    let bad = manager.post_csv("/import/skus", "k2", "code,name_en,weight\nA,Tea,heavy\nB,Cup,1\n".into()).await;
    assert_eq!(bad.status.as_u16(), 422);
    let problem = bad.json();
    assert_eq!((problem["code"].as_str(), problem["facts"]["count"].as_str()), (Some("import.refused"), Some("1")));
    let error = &problem["errors"][0];
    assert_eq!(
        (error["row"].as_u64(), error["column"].as_str(), error["value"].as_str()),
        (Some(2), Some("weight"), Some("heavy"))
    );
    assert!(error["detail"].as_str().unwrap().contains("整数"), "{error}");
    assert_eq!(world.number("SELECT COUNT(*) FROM sku").await, 3);
    let looked = manager.post_csv("/import/locations?dry_run=true", "k3", import::template(What::Locations)).await;
    assert_eq!((looked.status.as_u16(), looked.json()["dry_run"].as_bool()), (200, Some(true)));
    assert_eq!(world.number("SELECT COUNT(*) FROM location").await, 0);
    let unknown = manager.post_csv("/import/orders?channel=nowhere", "k4", import::template(What::Orders)).await;
    assert_eq!(unknown.status.as_u16(), 404);
    assert_eq!(manager.post_csv("/import/people", "k5", String::new()).await.status.as_u16(), 400);
    assert_eq!(manager.post_csv("/import/skus", "", String::new()).await.status.as_u16(), 400);
    assert!(manager.get("/import/stock").await.text.contains("supplier_lot"));
    let picker = Client::of(world, Role::Picker).await;
    assert_eq!(picker.post_csv("/import/skus", "k6", String::new()).await.status.as_u16(), 403);
});

/// Writes a file into a folder and imports it with the program.
fn program(folder: &std::path::Path, what: &str, bytes: &[u8], more: &[&str]) -> Ran {
    std::fs::write(folder.join("file.csv"), bytes).unwrap();
    run(&mut tallyman(folder, &[&["import", what, "file.csv"], more].concat()))
}

#[test]
fn the_program_prints_templates_and_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    for what in ["skus", "locations", "stock", "orders"] {
        let template = run(&mut tallyman(folder.path(), &["import", what, "--template"]));
        assert_eq!(template.code, 0);
        let taken = program(folder.path(), what, template.out.as_bytes(), &["--json"]);
        assert_eq!(taken.code, 0, "{what}: {}", taken.err);
        let imported: Value = serde_json::from_str(&taken.out).unwrap();
        assert!(imported["records"].as_u64() >= Some(2), "{imported}");
    }
    let stock = std::fs::read(folder.path().join("file.csv")).unwrap();
    assert_eq!(program(folder.path(), "orders", &stock, &[]).code, 0, "orders may come again");
    let template = run(&mut tallyman(folder.path(), &["import", "stock", "--template"]));
    let again = program(folder.path(), "stock", template.out.as_bytes(), &[]);
    assert!(again.code == 0 && again.err.contains("was taken before"), "{}", again.err);
    let verified = run(&mut tallyman(folder.path(), &["verify"]));
    assert!(verified.code == 0 && verified.out.contains("4 movements"), "{}", verified.out);
}

#[test]
fn the_program_reads_what_excel_writes_and_lists_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let (gb, _, _) =
        encoding_rs::GB18030.encode("商品编码\t名称\t重量（克）\r\nT-1\t龙井茶\t250\r\nT-2\t玻璃杯\t重\r\n");
    let bad = program(folder.path(), "skus", &gb, &[]);
    assert_eq!(bad.code, 1);
    assert!(
        bad.err.contains("Row 3, column 重量（克）, `重`: Must be a whole number from 0 to 1000000"),
        "{}",
        bad.err
    );
    assert!(bad.err.contains("1 mistakes. Nothing was changed."), "{}", bad.err);
    let (gb, _, _) = encoding_rs::GB18030.encode("商品编码\t名称\t重量（克）\r\nT-1\t龙井茶\t250\r\n");
    let good = program(folder.path(), "skus", &gb, &[]);
    assert!(good.code == 0 && good.out.contains("1 SKUs with 0 barcodes from 1 rows (GB18030)"), "{}", good.out);
    let dry = program(folder.path(), "skus", "code,name\nT-9,x\n".as_bytes(), &["--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("Nothing was changed"), "{}", dry.out);
    let image = program(folder.path(), "skus", b"\x89PNG\r\n\x1a\n\0\0", &["--json"]);
    let errors: Value = serde_json::from_str(&image.out).unwrap();
    assert_eq!((image.code, errors["errors"][0]["code"].as_str()), (1, Some("import.encoding")));
    let missing = run(&mut tallyman(folder.path(), &["import", "skus", "nowhere.csv"]));
    assert!(missing.code == 1 && missing.err.contains("nowhere.csv"), "{}", missing.err);
}
