"""The books worked out a second way: slowly, from the whole history of events, in fractions.

Nothing here is incremental and nothing rounds, except where the definition itself does (a cost or a fee that is split leaves
with 24 places). It imports the events and nothing else of the package. What the figures mean:

- Cash is what was paid and received, so equity = capital + cash + Σ quantity × mark. Average cost only splits that sum.
- An amount in another currency than the reporting one stays in it, and is worth what the mark of the conversion symbol says
  now. Without one, what depends on it is unknown; a currency in which there is nothing matters to nothing.
- A round trip is in the currency of its symbol. A fee or funding in another one is charged at the rate when it came, rounded
  to 18 places; a trip that was charged without a rate has no result.
- A fill that was voided never was, from the void on. Counters go on from where they were.
- The mark is the mid of the last quote, or the last trade's price as long as there never was a quote.
- A curve of equity starts at 0 with the first account event. It ticks after each fill, funding and flow, and after each
  change of the mark of a symbol that is held, or that converts a currency in which there is something, as long as all of it has
  a value.
- A flow F scales the open episode by (E + F)/E, so that it is neither drawdown nor recovery; where E or E + F is not above 0
  the episode starts anew at E + F. For this scale alone a position without a mark counts at cost, and an amount
  without a rate not at all.
"""
