#pragma once

#include "model/pathreport.h"
#include "transport/tls.h"

namespace sixgate
{

/// What HTTP answers mean. Pure; private to the room.

/// The part of an answer that a diagnosis goes by.
HttpAnswer httpAnswer(const HttpSeen &seen);

/// The path to which `location` leads from `path` of `name`, where it is a plain one on the same name: https, or http
/// (which leads to https again), without query. Nothing for every other place.
std::optional<UrlPath> redirectedTo(const QString &location, const Hostname &name, const UrlPath &path);

bool isRedirect(int status);

} // namespace sixgate
