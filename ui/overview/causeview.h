#pragma once

#include "model/condition.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTextBrowser;
class QUrl;

namespace sixgate
{

/// What to do about what is wrong, where the window has no button that does it: what to enter where, what it means,
/// what was seen; the handbook's page about it is one link away.
class CauseView : public QWidget
{
    Q_OBJECT

public:
    explicit CauseView(QWidget *parent = nullptr);

    /// The same cause again leaves the reader where they are.
    void show(const Condition &cause);

Q_SIGNALS:
    void again(); ///< to be checked
    void closes();

protected:
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void fill();
    void open(const QUrl &link);

    Condition m_cause;
    QString m_page; ///< of the handbook, where one is shown
    QLabel *m_title;
    QTextBrowser *m_text;
};

} // namespace sixgate
