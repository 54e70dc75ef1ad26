#include "model/setup.h"

namespace sixgate
{

QString setupPageName(SetupPage page)
{
    switch (page) {
    case SetupPage::Welcome:
        return QStringLiteral("welcome");
    case SetupPage::Home:
        return QStringLiteral("home");
    case SetupPage::Names:
        return QStringLiteral("names");
    case SetupPage::Vps:
        return QStringLiteral("vps");
    case SetupPage::Services:
        return QStringLiteral("services");
    case SetupPage::Router:
        return QStringLiteral("router");
    case SetupPage::Review:
        return QStringLiteral("review");
    case SetupPage::Apply:
        return QStringLiteral("apply");
    case SetupPage::Proof:
        return QStringLiteral("proof");
    }
    return {};
}

} // namespace sixgate
