#pragma once

#include "decide/deployment.h"

#include <QByteArrayList>

#include <vector>

namespace hostile
{

/// Many rendered deployments in one configuration for the real Apache, which is asked what it read. In a sandbox: the
/// paths are the real ones.
class ApacheCheck
{
public:
    ApacheCheck();

    /// Nothing where Apache's files are those of another one.
    void add(const sixgate::WantedDeployment &wanted);
    size_t count() const { return m_releases.size(); }

    struct Said {
        int status = -1;
        QByteArray output;
        /// The names of the directives of each deployment as Apache read them, file by file, sorted.
        std::vector<QByteArrayList> directives;
    };
    /// `apache2 -t`, and what Apache makes of the configuration (mod_info).
    Said ask() const;

private:
    std::vector<QByteArray> m_releases;
    QByteArrayList m_modules;
};

} // namespace hostile
