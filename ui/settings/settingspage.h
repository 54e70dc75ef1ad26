#pragma once

#include <QWidget>

class QCheckBox;
class QLabel;
class QPushButton;

namespace sixgate
{

/// Where things are; for people to read.
struct SettingsTexts {
    QString siteFile;
    QString secrets; ///< in words: "the keychain"
    QString version;
};

/// What a user may choose of the program itself. Each choice holds at once, and is remembered.
class SettingsPage : public QWidget
{
    Q_OBJECT

public:
    /// `autostartFile`: the desktop entry that begins Sixgate with the session (Desktop Application Autostart
    /// Specification); `command`: what it runs.
    SettingsPage(const SettingsTexts &texts, QString autostartFile, QStringList command, QWidget *parent = nullptr);

    /// Offers to send a test; for a site whose file names somebody to tell.
    void offerAlarmTest(bool any);
    /// That it is being sent, or how it went, a line a channel.
    void showAlarmTest(bool runs, const QString &says);
    /// Whether there is a tray to watch in; it says so where there is none.
    void setTray(bool isThere);
    /// Whether closing the window leaves Sixgate watching in the tray.
    static bool staysInTray();

Q_SIGNALS:
    void setsUp();
    void testsAlarm();

private:
    void setAutostart(bool on);

    QString m_autostartFile;
    QStringList m_command;
    QCheckBox *m_autostart;
    QCheckBox *m_stays;
    QLabel *m_trayless;
    QLabel *m_wrong;
    QWidget *m_alarm; ///< hidden where nobody is to be told
    QPushButton *m_alarmTest;
    QLabel *m_alarmSays;
};

/// The text of such a desktop entry; arguments are quoted as the Desktop Entry Specification wants it.
QByteArray autostartEntry(const QStringList &command);

} // namespace sixgate
