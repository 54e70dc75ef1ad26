#include "ctl/json.h"

namespace sixgate::ctl
{

QJsonObject document(const QString &command)
{
    QJsonObject out{{QStringLiteral("schema"), 1}};
    if (!command.isEmpty())
        out[QStringLiteral("command")] = command;
    return out;
}

QJsonValue json(const std::optional<Error> &error)
{
    if (!error)
        return QJsonValue::Null;
    return QJsonObject{{QStringLiteral("code"), errorCodeName(error->code)},
                       {QStringLiteral("summary"), error->summary},
                       {QStringLiteral("detail"), error->detail},
                       {QStringLiteral("fix"), error->fix}};
}

QJsonObject json(const Change &change)
{
    return {{QStringLiteral("id"), change.id},
            {QStringLiteral("lane"), laneName(change.lane)},
            {QStringLiteral("verb"), verbName(change.verb)},
            {QStringLiteral("object"), change.object},
            {QStringLiteral("old"), change.oldValue},
            {QStringLiteral("new"), change.newValue},
            {QStringLiteral("oldHash"), change.oldHash},
            {QStringLiteral("sentence"), change.sentence},
            {QStringLiteral("diff"), change.diff}};
}

QJsonArray json(const std::vector<Withheld> &withheld)
{
    QJsonArray out;
    for (const Withheld &one : withheld)
        out.append(QJsonObject{{QStringLiteral("object"), one.object},
                               {QStringLiteral("reason"), one.reason},
                               {QStringLiteral("detail"), one.detail},
                               {QStringLiteral("fix"), one.fix},
                               {QStringLiteral("blocking"), one.blocking}});
    return out;
}

QJsonArray json(const std::vector<CandidateVerdict> &candidates)
{
    QJsonArray out;
    for (const CandidateVerdict &one : candidates)
        out.append(QJsonObject{{QStringLiteral("address"), one.address.text()},
                               {QStringLiteral("taken"), one.taken},
                               {QStringLiteral("reason"), one.reason}});
    return out;
}

QJsonObject json(const PathReport &path)
{
    QJsonArray steps;
    for (const ProbeStep &step : path.steps)
        steps.append(QJsonObject{{QStringLiteral("name"), step.name},
                                 {QStringLiteral("passed"), step.passed},
                                 {QStringLiteral("tookMs"), qint64(step.took.count())},
                                 {QStringLiteral("detail"), step.detail},
                                 {QStringLiteral("reason"), step.reason}});
    return {
        {QStringLiteral("service"), path.service.text()},      {QStringLiteral("publicName"), path.publicName.ascii()},
        {QStringLiteral("path"), pathName(path.kind)},         {QStringLiteral("number"), int(path.kind)},
        {QStringLiteral("state"), pathStateName(path.state)},  {QStringLiteral("vantage"), path.vantage},
        {QStringLiteral("tookMs"), qint64(path.took.count())}, {QStringLiteral("failedStep"), path.failedStep},
        {QStringLiteral("error"), json(path.error)},           {QStringLiteral("steps"), steps}};
}

QJsonObject json(const Condition &condition)
{
    QJsonObject fields;
    for (const auto &[name, value] : condition.remedy.fields)
        fields[name] = value;
    QJsonArray routers;
    for (const RouterGuide &one : condition.remedy.routers)
        routers.append(QJsonObject{{QStringLiteral("router"), one.router}, {QStringLiteral("text"), one.text}});
    const QJsonObject remedy{{QStringLiteral("place"), condition.remedy.place},
                             {QStringLiteral("action"), condition.remedy.action},
                             {QStringLiteral("text"), condition.remedy.text},
                             {QStringLiteral("command"), condition.remedy.command},
                             {QStringLiteral("fields"), fields},
                             {QStringLiteral("routers"), routers}};
    return {{QStringLiteral("code"), condition.code},
            {QStringLiteral("about"), condition.about},
            {QStringLiteral("severity"), severityName(condition.severity)},
            {QStringLiteral("title"), condition.title},
            {QStringLiteral("text"), condition.text},
            {QStringLiteral("evidence"), QJsonArray::fromStringList(condition.evidence)},
            {QStringLiteral("remedy"), remedy},
            {QStringLiteral("dependsOn"),
             QJsonArray::fromStringList({condition.dependsOn.begin(), condition.dependsOn.end()})},
            {QStringLiteral("explainedBy"), condition.explainedBy},
            {QStringLiteral("timeToVisible"), qint64(condition.timeToVisible.count())}};
}

QJsonObject json(const CheckReport &report, bool explain)
{
    QJsonArray paths, conditions;
    for (const PathReport &path : report.paths)
        paths.append(json(path));
    for (const auto *list : {&report.diagnosis.roots, &report.diagnosis.consequences}) {
        for (const Condition &one : *list)
            conditions.append(json(one));
    }
    QJsonObject out{{QStringLiteral("allWork"), report.allWork()},
                    {QStringLiteral("at"),
                     report.at.isValid() ? QJsonValue(report.at.toUTC().toString(Qt::ISODate)) : QJsonValue::Null},
                    {QStringLiteral("tookMs"), qint64(report.took.count())},
                    {QStringLiteral("paths"), paths},
                    {QStringLiteral("conditions"), conditions}};
    if (explain) {
        QJsonArray reasoning;
        for (const Reasoning &one : report.diagnosis.reasoning)
            reasoning.append(
                QJsonObject{{QStringLiteral("rule"), one.rule}, {QStringLiteral("conclusion"), one.conclusion}});
        out[QStringLiteral("reasoning")] = reasoning;
    }
    return out;
}

QJsonObject json(const HomeSeen &home)
{
    // Not known is not the same as none.
    QJsonValue prefixes = QJsonValue::Null;
    if (home.prefixes) {
        QJsonArray list;
        for (const Ipv6Prefix &prefix : *home.prefixes)
            list.append(prefix.text());
        prefixes = list;
    }
    QJsonArray servers;
    for (const ServerSeen &server : home.servers) {
        QJsonObject one{
            {QStringLiteral("server"), server.server.text()},
            {QStringLiteral("address"), server.proven ? QJsonValue(server.proven->text()) : QJsonValue::Null},
            {QStringLiteral("error"),
             json(server.proven ? std::optional<Error>() : std::optional<Error>(server.proven.error()))},
            {QStringLiteral("candidates"), json(server.candidates)}};
        servers.append(one);
    }
    return {{QStringLiteral("prefixes"), prefixes},
            {QStringLiteral("error"),
             json(home.prefixes ? std::optional<Error>() : std::optional<Error>(home.prefixes.error()))},
            {QStringLiteral("servers"), servers}};
}

} // namespace sixgate::ctl
