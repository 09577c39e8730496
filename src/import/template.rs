//! Examples of each kind of file, with every column.

use super::What;

/// An example of a file, with the mark by which Excel knows UTF-8. Stock and orders speak of the SKUs and locations of
/// the other two.
#[must_use]
pub fn template(what: What) -> String {
    let rows = match what {
        What::Skus => SKUS,
        What::Locations => LOCATIONS,
        What::Stock => STOCK,
        What::Orders => ORDERS,
    };
    format!("\u{feff}{rows}")
}

const SKUS: &str = "\
code,name_en,name_zh,category,weight_grams,length_mm,width_mm,height_mm,fragile,packing_note,papers,expires,barcodes
TEA-001,Longjing tea 250 g,龙井茶 250克,tea,280,180,90,60,no,,,yes,6901234567892;16901234567899*12
CUP-001,Glass cup,玻璃杯,kitchen,310,90,90,120,yes,Wrap each cup by itself,,no,6901234500019
BOOK-001,A dream of red mansions,红楼梦,books,950,210,150,45,no,,Invoice;Bookmark,no,9787020002207
";

const LOCATIONS: &str = "\
code,zone,aisle,position,walk_order,check_digits,pickable
A-01-01,A,A,1,10,,yes
A-01-02,A,A,2,20,,yes
B-09-01,RESERVE,B,1,900,47,no
";

const STOCK: &str = "\
sku,location,quantity,lot,supplier_lot,received,expires,status
TEA-001,A-01-01,120,L2026-101,SP-77,2026-10-01,2028-03-31,good
TEA-001,B-09-01,480,L2026-118,SP-81,2026-11-05 14:30,2028-06-30,good
CUP-001,A-01-02,60,C-1,,2026-09-12,,good
BOOK-001,A-01-02,25,B-1,,2026-09-12,,good
";

const ORDERS: &str = "\
order,line,sku,quantity,unit_price,name,phone,country,province,city,district,line1,line2,postal_code,ship_method,paid,currency,total,cash_on_delivery,buyer_remark,seller_remark,placed_at,short_policy
W-1001,1,TEA-001,2,68.00,李雷,13800000001,CN,浙江省,杭州市,西湖区,文一西路 969 号,,310000,,yes,CNY,165.00,,请放前台,,2026-11-21 09:15,wait
W-1001,2,CUP-001,1,29.00,,,,,,,,,,,,,,,,,,
W-1002,1,BOOK-001,1,98.00,韩梅梅,13900000002,CN,北京市,北京市,海淀区,中关村大街 1 号,2 单元 301,100080,,no,CNY,98.00,98.00,,,2026-11-21 09:20,
";
