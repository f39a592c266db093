"""The figures of a tab: which one Ctrl+C and Ctrl+E mean."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QApplication, QWidget


def of_tab(tab: QWidget) -> list[Any]:
    """The menus of a tab's visible figures: that of the focused one first, then the largest."""
    from gui.plots.menu import Menu

    focus = QApplication.focusWidget()
    menus = [(menu, figure) for menu in tab.findChildren(Menu) if isinstance(figure := menu.parent(), QWidget)]
    visible = [(figure is focus, figure.width() * figure.height(), menu) for menu, figure in menus
               if figure.isVisible()]
    return [menu for _, _, menu in sorted(visible, key=lambda rank: rank[:2], reverse=True)]
