#include "ui/settings/settingspage.h"

#include "ui/look/card.h"
#include "ui/look/factrows.h"
#include "ui/look/quietlabel.h"

#include <QCheckBox>
#include <QDir>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QSettings>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

QString staysKey()
{
    return QStringLiteral("window/staysInTray");
}

} // namespace

QByteArray autostartEntry(const QStringList &command)
{
    QStringList words;
    for (QString word : command) {
        // Escaped twice: for the quoted argument, and for the string that it stands in.
        for (const char *special : {"\\", "\"", "`", "$"})
            word.replace(QLatin1String(special), QLatin1String("\\\\") + QLatin1String(special));
        word.replace(QLatin1Char('%'), QLatin1String("%%"));
        words << QLatin1Char('"') + word + QLatin1Char('"');
    }
    return "[Desktop Entry]\nType=Application\nName=Sixgate\nIcon=sixgate\nTerminal=false\nExec=" +
           words.join(QLatin1Char(' ')).toUtf8() + "\n";
}

SettingsPage::SettingsPage(const SettingsTexts &texts, QString autostartFile, QStringList command, QWidget *parent)
    : QWidget(parent), m_autostartFile(std::move(autostartFile)), m_command(std::move(command)),
      m_autostart(new QCheckBox(tr("&Begin with the session, in the tray"))),
      m_stays(new QCheckBox(tr("Go on &watching in the tray when the window is closed"))),
      m_trayless(new QuietLabel(tr("There is no tray here: the window is minimised instead, and stays in reach."))),
      m_wrong(new QLabel), m_alarm(new Card), m_alarmTest(new QPushButton(tr("Send a &test message"))),
      m_alarmSays(new QLabel)
{
    auto *title = new QLabel(tr("Settings"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    m_autostart->setObjectName(QStringLiteral("autostart"));
    m_stays->setObjectName(QStringLiteral("stays"));
    m_autostart->setChecked(QFileInfo::exists(m_autostartFile));
    m_stays->setChecked(staysInTray());
    m_wrong->setWordWrap(true);
    m_wrong->hide();
    m_trayless->setObjectName(QStringLiteral("trayless"));
    m_trayless->setWordWrap(true);
    m_trayless->hide();
    auto *choices = new QWidget;
    auto *list = new QVBoxLayout(choices);
    list->setContentsMargins(0, 0, 0, 0);
    list->setSpacing(12);
    list->addWidget(m_autostart);
    list->addWidget(m_stays);
    list->addWidget(m_trayless);
    list->addWidget(m_wrong);
    auto *upper = new Card;
    upper->hold(choices, 24);
    auto *alarm = new QWidget;
    auto *tells = new QVBoxLayout(alarm);
    tells->setContentsMargins(0, 0, 0, 0);
    tells->setSpacing(8);
    auto *about = new QLabel(tr("Sixgate calls you when visitors stay away. See whether it can."));
    about->setWordWrap(true);
    tells->addWidget(about);
    tells->addWidget(m_alarmTest, 0, Qt::AlignLeft);
    tells->addWidget(m_alarmSays);
    m_alarmTest->setMinimumSize(fontMetrics().horizontalAdvance(m_alarmTest->text()) + 40, fontMetrics().height() + 18);
    m_alarmTest->setObjectName(QStringLiteral("alarmTest"));
    m_alarmSays->setObjectName(QStringLiteral("alarmSays"));
    m_alarmSays->setTextFormat(Qt::PlainText);
    m_alarmSays->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_alarmSays->setWordWrap(true);
    m_alarmSays->hide();
    static_cast<Card *>(m_alarm)->hold(alarm, 24);
    m_alarm->hide();
    connect(m_alarmTest, &QPushButton::clicked, this, &SettingsPage::testsAlarm);
    auto *places = new QWidget;
    auto *lines = new QVBoxLayout(places);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(16);
    auto *form = factForm();
    fillFacts(*form,
              {{tr("Site file"), texts.siteFile}, {tr("Secrets"), texts.secrets}, {tr("Version"), texts.version}});
    lines->addLayout(form);
    auto *setUp = new QPushButton(tr("Set &up…"));
    setUp->setObjectName(QStringLiteral("setUp"));
    setUp->setToolTip(tr("Go through the setup again, with what is set up now."));
    setUp->setMinimumSize(fontMetrics().horizontalAdvance(setUp->text()) + 40, fontMetrics().height() + 18);
    lines->addWidget(setUp, 0, Qt::AlignLeft);
    connect(setUp, &QPushButton::clicked, this, &SettingsPage::setsUp);
    auto *lower = new Card;
    lower->hold(places, 24);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(16);
    all->addWidget(title);
    all->addWidget(upper);
    all->addWidget(m_alarm);
    all->addWidget(lower);
    all->addStretch();
    connect(m_autostart, &QCheckBox::clicked, this, &SettingsPage::setAutostart);
    connect(m_stays, &QCheckBox::toggled, this, [](bool on) { QSettings().setValue(staysKey(), on); });
}

void SettingsPage::offerAlarmTest(bool any)
{
    m_alarm->setVisible(any);
}

void SettingsPage::showAlarmTest(bool runs, const QString &says)
{
    m_alarmTest->setEnabled(!runs);
    m_alarmSays->setText(says);
    m_alarmSays->setVisible(!says.isEmpty());
}

bool SettingsPage::staysInTray()
{
    return QSettings().value(staysKey(), true).toBool();
}

void SettingsPage::setTray(bool isThere)
{
    m_trayless->setVisible(!isThere);
}

void SettingsPage::setAutostart(bool on)
{
    bool good = true;
    if (on) {
        QSaveFile file(m_autostartFile);
        good = QDir().mkpath(QFileInfo(m_autostartFile).absolutePath()) && file.open(QIODevice::WriteOnly) &&
               file.write(autostartEntry(m_command)) >= 0 && file.commit();
    } else {
        good = !QFileInfo::exists(m_autostartFile) || QFile::remove(m_autostartFile);
    }
    m_wrong->setVisible(!good);
    if (!good) {
        m_wrong->setText(tr("%1 could not be written.").arg(m_autostartFile));
        m_autostart->setChecked(!on);
    }
}

} // namespace sixgate
