//! TSPL: the whole label as one picture. Black is 0 here.

use crate::raster::Bitmap;
use crate::units::{Media, MediaKind, PrinterProfile};

/// `SIZE w mm,h mm  GAP g mm,0 mm  DIRECTION d  REFERENCE 0,0  CLS  BITMAP x,y,bytes a row,rows,mode,data  PRINT 1,1`
///
/// Mode 0 overwrites. Nothing in the data is escaped. `DIRECTION 1` prints as the picture stands.
pub(super) fn picture(bitmap: &Bitmap, media: &Media, profile: &PrinterProfile) -> Vec<u8> {
    // The page as drawn: on a roll its height is that of the picture.
    let mm = |dots: u32| {
        let thousandths = u64::from(dots) * 1_000_000 / u64::from(profile.dots_per_m.max(1));
        format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    };
    let gap = format!("{}.{:03}", media.gap_um / 1_000, media.gap_um % 1_000);
    let between = match media.kind {
        MediaKind::Gap => format!("GAP {gap} mm,0 mm"),
        MediaKind::Mark => format!("BLINE {gap} mm,0 mm"),
        MediaKind::Continuous => "GAP 0 mm,0 mm".to_owned(),
    };
    let direction = u8::from(!profile.turned);
    let cut = if profile.cutter { "SET CUTTER 1\r\n" } else { "" };
    let (stride, height) = (bitmap.stride, bitmap.height);
    let mut job = format!(
        "SIZE {} mm,{} mm\r\n{between}\r\nDIRECTION {direction}\r\nREFERENCE 0,0\r\n{cut}CLS\r\n\
         BITMAP 0,0,{stride},{height},0,",
        mm(bitmap.width),
        mm(height),
    )
    .into_bytes();
    job.extend(bitmap.bytes.iter().map(|byte| !byte));
    job.extend_from_slice(b"\r\nPRINT 1,1\r\n");
    job
}
