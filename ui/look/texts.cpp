#include "ui/look/texts.h"

#include <QCoreApplication>
#include <QLocale>
#include <QTranslator>

namespace sixgate
{

void loadTexts()
{
    const QString folder = QStringLiteral(":/sixgate/translations");
    auto *texts = new QTranslator(QCoreApplication::instance());
    if (texts->load(QLocale(), QStringLiteral("sixgate"), QStringLiteral("_"), folder) ||
        texts->load(QStringLiteral("sixgate_en"), folder))
        QCoreApplication::installTranslator(texts);
}

} // namespace sixgate
