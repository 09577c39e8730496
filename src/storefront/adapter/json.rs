//! Reading JSON that others wrote: ids stay texts, amounts stay exact, and nothing is taken for granted.

use serde_json::Value;

use crate::kernel::Timestamp;

/// Reads a body. Zero characters are left out of every text, because a database can't hold them.
///
/// # Errors
/// A sentence that says where it is no JSON.
pub fn read(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("the body is not UTF-8: {error}"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value = serde_json::from_str(text).map_err(|error| format!("the body is not JSON: {error}"))?;
    if text.contains('\0') || text.contains("\\u0000") {
        clean(&mut value);
    }
    Ok(value)
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|character| character != '\0'),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            for (name, mut value) in old {
                clean(&mut value);
                fields.insert(name.replace('\0', ""), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text; `None` where it is missing, null, or something else.
#[must_use]
pub fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A text, or nothing of it.
#[must_use]
pub fn text_or_empty(value: &Value, name: &str) -> String {
    text(value, name).unwrap_or_default()
}

/// The first of these texts that says something.
#[must_use]
pub fn first_text(value: &Value, names: &[&str]) -> String {
    names.iter().filter_map(|name| text(value, name)).find(|text| !text.trim().is_empty()).unwrap_or_default()
}

/// An id: a text, or a whole number as a text. Its size fits what we keep; no blanks around it, no control characters.
#[must_use]
pub fn id(value: &Value, name: &str) -> Option<String> {
    let id = match value.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    let fits = (1..=200).contains(&id.len()) && !id.chars().any(char::is_control);
    fits.then_some(id)
}

/// An id that must be there.
///
/// # Errors
/// A sentence that names it.
pub fn need_id(value: &Value, name: &str) -> Result<String, String> {
    id(value, name).ok_or_else(|| format!("`{name}` is missing, or no id of 1 to 200 characters"))
}

/// A whole number that isn't negative: a number, or a text of digits.
///
/// # Errors
/// A sentence that names it.
pub fn quantity(value: &Value, name: &str) -> Result<i64, String> {
    let wrong = || format!("`{name}` is not a whole number of pieces");
    match value.get(name) {
        // Some storefronts write whole numbers with a decimal point.
        Some(Value::Number(number)) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).parse().ok()
        }
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|quantity| *quantity >= 0)
    .ok_or_else(wrong)
}

/// A decimal as it is written, whether as a text or as a number; `None` where it is missing or null.
#[must_use]
pub fn decimal(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A moment in RFC 3339; `None` where it is missing.
///
/// # Errors
/// A sentence that names it.
pub fn moment(value: &Value, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = text(value, name) else { return Ok(None) };
    Timestamp::parse_rfc3339(&text).map(Some).ok_or_else(|| format!("`{name}` is not a moment: {text:.60}"))
}

/// A list that must be there.
///
/// # Errors
/// A sentence that names it.
pub fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| format!("`{name}` is not a list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_stay_what_they_are_however_large() {
        let value =
            read(br#"{"a":820982911946154508,"b":" x ","c":1e30,"d":1.5,"e":"","f":18446744073709551615}"#).unwrap();
        assert_eq!(id(&value, "a").as_deref(), Some("820982911946154508"));
        assert_eq!(id(&value, "b").as_deref(), Some("x"));
        assert_eq!(id(&value, "f").as_deref(), Some("18446744073709551615"));
        for name in ["c", "d", "e", "g"] {
            assert_eq!(id(&value, name), None, "{name}");
        }
    }

    #[test]
    fn zero_characters_are_left_out() {
        let value = read(br#"{"a\u0000":"x\u0000y","b":["\u0000"]}"#).unwrap();
        assert_eq!(value, json!({ "a": "xy", "b": [""] }));
    }

    #[test]
    fn bodies_that_are_no_json_say_why() {
        assert!(read(b"\xff\xfe{}").unwrap_err().contains("UTF-8"));
        assert!(read(b"<xml/>").unwrap_err().contains("JSON"));
        assert!(read(&[b'['; 100_000]).unwrap_err().contains("JSON"));
        assert_eq!(read("\u{feff}{}".as_bytes()).unwrap(), json!({}));
    }

    #[test]
    fn quantities_are_whole_and_not_negative() {
        for (value, expected) in
            [(json!(2), Some(2)), (json!("3"), Some(3)), (json!(2.0), Some(2)), (json!(0), Some(0))]
        {
            assert_eq!(quantity(&json!({ "q": value }), "q").ok(), expected);
        }
        for value in [json!(-1), json!(1.5), json!("many"), json!(null), json!(1e300)] {
            assert!(quantity(&json!({ "q": value }), "q").is_err());
        }
    }
}
