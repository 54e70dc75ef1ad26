#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <QStringList>

#include <vector>

namespace hostile
{

/// One value in a site file, and the file around it.
struct Place {
    QString path; ///< as errors name it: services[0].publicNames[1]
    QByteArray before, after;
    QJsonValue good; ///< what stands there in the good file
    size_t file = 0; ///< which of SiteFiles::good it is in

    QByteArray with(const QByteArray &json) const { return before + json + after; }
};

/// Good site files which together have every key that the schema knows, and every text, number and flag in them.
struct SiteFiles {
    std::vector<QByteArray> good;
    std::vector<Place> places;
    std::vector<Place> objects; ///< places for one more key; `after` begins with what follows it
    QStringList notReached;     ///< keys of the schema for which no good value was found

    /// From the handbook's example and the schema: a key that is added to them is found by itself.
    static SiteFiles make();
};

} // namespace hostile
