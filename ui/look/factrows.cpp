#include "ui/look/factrows.h"

#include "ui/look/quietlabel.h"

#include <QFormLayout>

namespace sixgate
{

namespace
{

QLabel *labelAt(const QFormLayout &form, int row, QFormLayout::ItemRole role)
{
    return qobject_cast<QLabel *>(form.itemAt(row, role)->widget());
}

} // namespace

QFormLayout *factForm()
{
    auto *form = new QFormLayout;
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(24);
    form->setVerticalSpacing(8);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    return form;
}

void fillFacts(QFormLayout &form, const std::vector<std::pair<QString, QString>> &facts)
{
    while (form.rowCount() > int(facts.size()))
        form.removeRow(form.rowCount() - 1);
    for (int row = 0; row < int(facts.size()); ++row) {
        const auto &[what, value] = facts[size_t(row)];
        if (row == form.rowCount()) {
            auto *text = new QLabel;
            text->setTextFormat(Qt::PlainText);
            text->setWordWrap(true);
            text->setTextInteractionFlags(Qt::TextSelectableByMouse);
            // One that wraps would ask for the height of a narrow one; the form gives it the width that it has.
            QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
            policy.setHeightForWidth(true);
            text->setSizePolicy(policy);
            auto *name = new QuietLabel(what);
            name->setAlignment(Qt::AlignLeft | Qt::AlignTop);
            form.addRow(name, text);
        }
        labelAt(form, row, QFormLayout::LabelRole)->setText(what);
        QLabel *text = labelAt(form, row, QFormLayout::FieldRole);
        if (text->text() != value)
            text->setText(value);
        text->setAccessibleName(QStringLiteral("%1: %2").arg(what, value));
    }
}

} // namespace sixgate
