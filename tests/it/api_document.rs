//! The OpenAPI document is whole, and every route keeps what it says about tokens and rights.

use serde_json::{Map, Value, json};
use tallyman::kernel::actor::Role;
use tallyman::web::document::routes;
use tallyman::web::router::openapi;

use crate::both;
use crate::support::http::Client;

pub fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Every operation of the API: method, address with numbers put in, and what the document says.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut out = Vec::new();
    // Deliveries of storefronts, under `/in`, are signed instead.
    let paths = document["paths"].as_object().unwrap().iter();
    for (path, item) in paths.filter(|(path, _)| path.starts_with("/api/")) {
        for (method, operation) in item.as_object().unwrap() {
            let mut address = path.clone();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let value = sample(document, &parameter["schema"]);
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                address = address.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &value);
            }
            out.push((method.to_uppercase(), address, operation.clone()));
        }
    }
    assert!(out.len() > 60, "{} operations", out.len());
    out
}

/// The smallest value that fits a schema.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return sample(document, &document["components"]["schemas"][name]);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(options) = schema[choice].as_array() {
            let option = options.iter().find(|option| option["type"] != "null").unwrap();
            return sample(document, option);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            whole.extend(sample(document, part).as_object().cloned().unwrap_or_default());
        }
        return Value::Object(whole);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "string" => json!("x"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([sample(document, &schema["items"])]),
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let field = |name: &Value| {
                name.as_str().map(|name| (name.to_owned(), sample(document, &schema["properties"][name])))
            };
            Value::Object(required.iter().filter_map(field).collect())
        }
    }
}

pub fn body(document: &Value, operation: &Value) -> Value {
    match operation.get("requestBody") {
        Some(wanted) => sample(document, &wanted["content"]["application/json"]["schema"]),
        None => Value::Null,
    }
}

/// Every reference in the document.
fn references<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            out.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, out));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, out)),
        _ => {}
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(all.len() > 300, "{}", all.len());
    for reference in all {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn codes_stand_in_the_document_as_they_are_sent() {
    let document = document();
    let codes = &document["components"]["schemas"]["OrderState"]["enum"];
    assert_eq!((&codes[0], codes.as_array().map(Vec::len)), (&json!("received"), Some(13)));
}

/// Whether a request changes something: all but GET do, and a label that is only shown.
pub fn changes(method: &str, address: &str) -> bool {
    method != "GET" && !address.ends_with("/labels/preview") && !address.ends_with("/counts/forecast")
}

#[test]
fn every_route_documents_its_token_its_key_and_what_can_go_wrong() {
    let document = document();
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let mut ids = std::collections::BTreeSet::new();
    for (method, address, operation) in operations(&document) {
        let what = format!("{method} {address}");
        assert_eq!(operation["security"], json!([{ "bearer": [] }]), "{what}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{what}");
        assert!(
            operation["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{what}: {}",
            operation["summary"]
        );
        let responses = operation["responses"].as_object().unwrap();
        for status in ["401", "403"] {
            assert!(responses.contains_key(status), "{what}: {status}");
        }
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{what}: {status}");
            if status.starts_with(['4', '5']) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{what}: {status}");
            }
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(key.is_some(), changes(&method, &address), "{what} changes something, or doesn't");
        if let Some(key) = key {
            assert_eq!((&key["required"], &key["schema"]["maxLength"]), (&json!(true), &json!(200)), "{what}");
        }
        let id = operation["operationId"].to_string();
        assert!(ids.insert(id.clone()), "{id} names two routes");
    }
}

#[test]
fn the_list_of_routes_changes_only_on_purpose() {
    let now = routes(&openapi()).join("\n") + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/api_routes.txt");
    if std::env::var_os("TALLYMAN_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let before = std::fs::read_to_string(&path).unwrap();
    let missing: Vec<_> = before.lines().filter(|line| !now.lines().any(|other| other == *line)).collect();
    let added: Vec<_> = now.lines().filter(|line| !before.lines().any(|other| other == *line)).collect();
    assert!(
        missing.is_empty() && added.is_empty(),
        "gone: {missing:#?}\nnew: {added:#?}\nOn purpose? TALLYMAN_BLESS=1 cargo test --test it the_list_of_routes"
    );
}

both!(no_route_answers_without_a_token, |world| {
    let client = Client::of(world, Role::Administrator).await;
    let document = document();
    for (method, address, operation) in operations(&document) {
        let body = body(&document, &operation).to_string().into_bytes();
        let headers = |token: &'static str| {
            [("content-type", "application/json"), ("idempotency-key", "k"), ("authorization", token)]
        };
        for token in ["", "Bearer", "Bearer wrong", "Basic dGVzdDp0ZXN0", "bearer tm_\u{7f}"] {
            if let Ok(token) = axum::http::HeaderValue::from_str(token) {
                let token: &'static str = token.to_str().unwrap().to_owned().leak();
                let answer = client.raw(&method, &address, &headers(token), body.clone()).await;
                assert_eq!(answer.refusal(), (401, "unauthorized".into()), "{method} {address} with `{token}`");
            }
        }
    }
});

both!(who_may_only_read_changes_nothing, |world| {
    let auditor = Client::of(world, Role::Auditor).await;
    let document = document();
    let mut asked = 0;
    for (method, address, operation) in operations(&document) {
        // What is everybody's own, and the floor's page, whose refusals are answers.
        if !changes(&method, &address) || address.starts_with("/api/v1/me/") {
            continue;
        }
        asked += 1;
        let body = body(&document, &operation).to_string().into_bytes();
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        let answer = auditor.raw(&method, &address, &headers, body.clone()).await;
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(answer.refusal(), (403, "forbidden".into()), "{method} {address} {shown}: {}", answer.text);
    }
    assert!(asked > 30, "{asked}");
    assert_eq!(world.number("SELECT COUNT(*) FROM operation WHERE kind NOT IN ('people.add')").await, 0);
});
