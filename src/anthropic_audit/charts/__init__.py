"""Charts: Vega-Lite specifications for the console and for reports, and their rendering as SVG."""
