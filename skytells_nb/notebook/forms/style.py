"""The one style sheet of forms. It stands in each form, and reaches nothing outside it.

Text keeps the colour of the page, so that it stands on light and on dark; colours of our own mark only edges. Nothing
is wider than the form, however long a word is.
"""

EDGE = "rgba(128,128,128,.45)"

STYLE = """<style>
.skytells-form{max-width:720px;width:100%;overflow:hidden;box-sizing:border-box;padding:2px}
.skytells-form .widget-html,.skytells-form .widget-html-content{overflow-wrap:anywhere;min-width:0;max-width:100%;
 height:auto;line-height:1.45;white-space:normal}
.skytells-form .skytells-head{margin-bottom:6px}
.skytells-row{display:grid!important;grid-template-columns:minmax(0,1fr) auto auto;column-gap:4px;align-items:start;
 margin:0 0 12px 0;padding:0 0 0 10px;border-left:3px solid transparent;overflow:visible}
.skytells-row>*{grid-column:1/-1;min-width:0;max-width:100%;width:auto}
.skytells-row>:first-child{grid-column:1}
.skytells-row>.skytells-null,.skytells-row>.skytells-reset{grid-column:auto;grid-row:1;margin:22px 0 0 0;width:auto;
 min-width:28px;height:28px;line-height:26px;padding:0 8px}
.skytells-row.skytells-set{border-left-color:#2b7fc4}
.skytells-form .widget-inline-hbox,.skytells-form .widget-textarea,.skytells-form .widget-text{width:100%;margin:0}
.skytells-control .widget-label,.skytells-control>label.widget-label{width:auto;max-width:100%;text-align:left}
.skytells-row .widget-inline-hbox:not(.widget-checkbox),.skytells-row .widget-textarea{display:flex;
 flex-direction:column;align-items:stretch;height:auto}
.skytells-row .widget-inline-hbox>.widget-label,.skytells-row .widget-textarea>.widget-label{width:auto!important;
 max-width:100%;text-align:left;font-weight:600;white-space:normal;overflow:visible;height:auto;line-height:1.4;
 overflow-wrap:anywhere;padding:0 0 2px 0}
.skytells-note{font-size:.9em}
.skytells-note .widget-html-content{opacity:.8}
.skytells-note summary{cursor:pointer}
.skytells-limits{font-variant-numeric:tabular-nums}
.skytells-wrong .widget-html-content>div>div{border-left:3px solid #d33;padding-left:7px;margin:2px 0;font-weight:600}
.skytells-doubt{border-left:3px solid #c80;padding-left:7px}
.skytells-bar{align-items:center;flex-wrap:wrap;gap:6px;margin:4px 0;overflow:visible}
.skytells-bar button{width:auto;min-width:90px;padding:0 14px;margin:0}
.skytells-form button{max-width:100%;overflow:hidden;text-overflow:ellipsis}
.skytells-form button:focus-visible,.skytells-form input:focus-visible,.skytells-form textarea:focus-visible,
.skytells-form select:focus-visible,.skytells-form summary:focus-visible{outline:2px solid #2b7fc4!important;
 outline-offset:1px}
.skytells-reason{font-size:.92em}
.skytells-group{border:1px solid rgba(128,128,128,.45);border-radius:4px;padding:8px;margin:0;overflow:visible}
.skytells-code textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}
</style>"""
