//! The few words that labels and papers print by themselves, in each language they know.

use serde::{Deserialize, Serialize};

/// The language of the printed captions. What the label is given (names, addresses) is never translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// Traditional Chinese.
    #[serde(rename = "zh-TW")]
    ZhTw,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Key, Simplified Chinese, Traditional Chinese, English; in the order of the keys.
const WORDS: &[(&str, [&str; 3])] = &[
    ("address", ["地址", "地址", "Address"]),
    ("aisle", ["通道", "通道", "Aisle"]),
    ("amount", ["金额", "金額", "Amount"]),
    ("bank", ["开户行及账号", "開戶行及帳號", "Bank account"]),
    ("barcode", ["条码", "條碼", "Barcode"]),
    ("best_before", ["保质期至", "保存期限", "Best before"]),
    ("buyer", ["购买方", "買受人", "Buyer"]),
    ("carrier", ["承运商", "承運商", "Carrier"]),
    ("cart", ["拣货车", "揀貨車", "Cart"]),
    ("check_digits", ["校验", "校驗", "Check"]),
    ("cod", ["代收货款", "代收貨款", "COD"]),
    ("command_cards", ["指令卡", "指令卡", "Command cards"]),
    ("content", ["内容物", "內容物", "Content"]),
    ("contents", ["物品：", "物品：", "Contents: "]),
    ("count", ["数量", "數量", "Count"]),
    ("count_sheet", ["盘点表", "盤點表", "Count sheet"]),
    ("counted", ["实盘数", "實盤數", "Counted"]),
    ("date", ["日期", "日期", "Date"]),
    ("driver", ["承运商签收", "承運商簽收", "Received by the carrier"]),
    ("expected", ["账面数", "帳面數", "Expected"]),
    ("expiry", ["有效期至", "有效期限", "Expiry"]),
    ("fragile", ["易碎", "易碎", "FRAGILE"]),
    ("from", ["寄", "寄", "FROM"]),
    ("gift", ["赠品", "贈品", "Gift"]),
    ("goods", ["商品", "商品", "Item"]),
    ("gtin", ["商品条码", "商品條碼", "GTIN"]),
    ("handed_over", ["仓库交货", "倉庫交貨", "Handed over by the warehouse"]),
    ("hub", ["集包地", "集包地", "Hub"]),
    ("invoice", ["销售清单", "銷售清單", "Invoice"]),
    ("isbn", ["书号", "書號", "ISBN"]),
    ("location", ["库位", "儲位", "Location"]),
    ("lot", ["批次", "批號", "Lot"]),
    ("manifest", ["交接单", "交接單", "Manifest"]),
    ("name", ["品名", "品名", "Description"]),
    ("note", ["说明", "說明", "Note"]),
    ("number", ["单号", "單號", "Number"]),
    ("order", ["订单", "訂單", "Order"]),
    ("packing_slip", ["装箱单", "裝箱單", "Packing slip"]),
    ("page", ["第", "第", "Page"]),
    ("papers", ["随箱文件：", "隨箱文件：", "Papers enclosed: "]),
    ("parcel", ["包裹", "包裹", "Parcel"]),
    ("parcels", ["件数", "件數", "Parcels"]),
    ("phone", ["电话", "電話", "Phone"]),
    ("photo", ["照片", "照片", "Photo"]),
    ("pick_list", ["拣货单", "揀貨單", "Pick list"]),
    ("picker", ["拣货员", "揀貨員", "Picker"]),
    ("position", ["格位", "格位", "Position"]),
    ("price", ["单价", "單價", "Price"]),
    ("printed", ["打印时间", "列印時間", "Printed"]),
    ("quantity", ["数量", "數量", "Quantity"]),
    ("received", ["入库日期", "入庫日期", "Received"]),
    ("receiver", ["收货人", "收貨人", "Receiver"]),
    ("remark", ["备注：", "備註：", "Remark: "]),
    ("reprint", ["补打", "補印", "REPRINT"]),
    ("role", ["岗位", "職位", "Role"]),
    ("seller", ["销售方", "出賣人", "Seller"]),
    ("sender", ["发货人", "出貨人", "Sender"]),
    ("serial", ["序号", "序號", "No."]),
    ("signature_date", ["签名 / 日期", "簽名 / 日期", "Signature / date"]),
    ("sku", ["货号", "貨號", "SKU"]),
    ("slot", ["格口", "格口", "Slot"]),
    ("sscc", ["物流单元", "物流單元", "SSCC"]),
    ("station", ["工位", "工作站", "Station"]),
    ("sum", ["合计", "合計", "Total"]),
    ("tax_number", ["税号", "統一編號", "VAT number"]),
    ("test_page", ["测试页", "測試頁", "Test page"]),
    ("to", ["收", "收", "TO"]),
    ("tote", ["周转箱", "周轉箱", "Tote"]),
    ("unit", ["单位", "單位", "Unit"]),
    ("wall", ["播种墙", "播種牆", "Put wall"]),
    ("warehouse", ["仓库", "倉庫", "Warehouse"]),
    ("waybill", ["运单号", "運單號", "Waybill"]),
    ("weight", ["重量", "重量", "Weight"]),
    ("zone", ["库区", "庫區", "Zone"]),
];

/// A caption in a language.
pub(crate) fn word(language: Language, key: &str) -> Option<&'static str> {
    let at = WORDS.binary_search_by(|(known, _)| known.cmp(&key)).ok()?;
    let (_, [zh_cn, zh_tw, en]) = WORDS.get(at)?;
    Some(match language {
        Language::ZhCn => zh_cn,
        Language::ZhTw => zh_tw,
        Language::En => en,
    })
}

/// The keys of all captions.
pub(crate) fn keys() -> Vec<&'static str> {
    WORDS.iter().map(|(key, _)| *key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caption_is_found_in_every_language() {
        for key in keys() {
            for language in [Language::ZhCn, Language::ZhTw, Language::En] {
                assert!(word(language, key).is_some_and(|word| !word.is_empty()), "{key}");
            }
        }
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0), "they are searched by halves");
        assert_eq!(word(Language::ZhTw, "carrier"), Some("承運商"));
        assert_eq!(word(Language::En, "carriage"), None);
    }
}
