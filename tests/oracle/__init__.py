"""The books worked out a second way: slowly, from the whole history of events, in fractions.

Nothing here is incremental and nothing rounds, except where the definition itself does (a cost or a fee that is split leaves
with 24 places). It imports the events and nothing else of the package. What the figures mean:

- Cash is what was paid and received, so equity = capital + cash + Σ quantity × mark. Average cost only splits that sum.
- The mark is the mid of the last quote, or the last trade's price as long as there never was a quote.
- A curve of equity starts at 0 with the first account event. It ticks after each fill, funding and flow, and after each
  change of the mark of a symbol that is held, as long as every open position has a mark.
- A flow F scales the open episode by (E + F)/E, so that it is neither drawdown nor recovery; where E or E + F is not above 0
  the episode starts anew at E + F. For this scale alone a position without a mark counts at cost.
"""
