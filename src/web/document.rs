//! The OpenAPI document: what every route has in common is added here, so that no route can forget it.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response};

use super::problem::PROBLEM_JSON;

/// Name of the security scheme.
const BEARER: &str = "bearer";
/// The header of commands.
const KEY: &str = "Idempotency-Key";

/// What a status means, where the routes say nothing of their own.
const MEANINGS: [(&str, &str); 12] = [
    ("400", "The request can't be read."),
    ("401", "No token, or one that doesn't work any more."),
    ("403", "The right is missing."),
    ("404", "Nothing of that name."),
    ("408", "It took too long; ask again, with the same key where one was sent."),
    ("409", "Not possible as things stand now; the code says why."),
    ("413", "The body is too large."),
    ("415", "The body is of another content type."),
    ("422", "Not possible at all; the code says why."),
    ("500", "Something went wrong here."),
    ("502", "A system behind this one failed."),
    ("503", "The service is stopping or not ready; ask again in a moment."),
];

/// Adds security, the header of commands, and every status that can come.
pub(super) fn complete(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token, as `tallyman token` or `/tokens` makes it."))
        .build();
    document.components.get_or_insert_with(Components::new).add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    for (path, item) in &mut document.paths.paths {
        // Deliveries of storefronts are signed instead.
        let with_token = path.starts_with("/api/");
        for (_, operation) in operations(item) {
            complete_one(operation, with_token);
        }
    }
}

/// The operations of a path, with their methods.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn complete_one(operation: &mut Operation, with_token: bool) {
    let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
    // Handlers of different nouns share names.
    operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
    let scopes: [&str; 0] = [];
    let token = with_token.then(|| SecurityRequirement::new(BEARER, scopes));
    operation.security = Some(token.into_iter().collect());
    let mut statuses = vec!["401", "408", "500", "503"];
    if with_token {
        statuses.push("403");
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        statuses.push("400");
        if parameter.parameter_in == ParameterIn::Path {
            statuses.push("404");
        }
        if parameter.name.eq_ignore_ascii_case(KEY) {
            statuses.extend(["404", "409", "422"]);
            explain_key(parameter);
        }
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "413", "415", "422"]);
    }
    for status in statuses {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new("")));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with('4') || status.starts_with('5') {
            let meaning =
                MEANINGS.iter().find(|(known, _)| known == status).map_or("Refused.", |(_, meaning)| *meaning);
            if response.description.is_empty() {
                response.description = meaning.to_owned();
            }
            let problem = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"))));
            response.content = [(PROBLEM_JSON.to_owned(), RefOr::T(problem))].into_iter().collect();
        } else if response.description.is_empty() {
            response.description = "Done.".to_owned();
        }
    }
}

fn explain_key(parameter: &mut Parameter) {
    parameter.description = Some(
        "Made up anew for each command, and repeated with it: the same key gives the same answer, and changes nothing again. \
         1 to 200 visible ASCII characters."
            .to_owned(),
    );
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(200))
        .pattern(Some("^[!-~]{1,200}$"));
    parameter.schema = Some(RefOr::T(Schema::Object(text.build())));
}

/// Every route of a document: method, path and tag, in order.
#[must_use]
pub fn routes(document: &OpenApi) -> Vec<String> {
    let mut document = document.clone();
    let mut paths: BTreeMap<String, PathItem> = std::mem::take(&mut document.paths.paths).into_iter().collect();
    let mut out = Vec::new();
    for (path, item) in &mut paths {
        for (method, operation) in operations(item) {
            let tags = operation.tags.clone().unwrap_or_default().join(",");
            out.push(format!("{method} {path} [{tags}]"));
        }
    }
    out
}
