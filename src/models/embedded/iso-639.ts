/**
 * ISO 639-3 -> 639-1 for the languages that have a two-letter code and that franc knows; members of a macrolanguage
 * (ISO 639-3, Table of macrolanguage mappings) answer with the macrolanguage's code. Others have none and are left out.
 */
const pairs =
  "afr:af als:sq amh:am arb:ar ayr:ay azj:az bam:bm bel:be ben:bn bod:bo bos:bs bul:bg cat:ca ces:cs ckb:ku " +
  "cmn:zh dan:da deu:de ekk:et ell:el emk:bm eng:en epo:eo ewe:ee fin:fi fra:fr fuf:ff fuv:ff glg:gl guj:gu " +
  "hat:ht hau:ha heb:he hin:hi hrv:hr hun:hu hye:hy ibo:ig ind:id ita:it jav:jv jpn:ja kan:kn kat:ka kaz:kk " +
  "khk:mn khm:km kin:rw kir:ky knc:kr kng:kg kor:ko lao:lo lin:ln lit:lt lug:lg lvs:lv mal:ml mar:mr mkd:mk " +
  "mya:my ndo:ng nld:nl nno:no nob:no npi:ne nya:ny pan:pa pbu:ps pes:fa plt:mg pol:pl por:pt prs:fa qug:qu " +
  "quy:qu quz:qu ron:ro run:rn rus:ru sag:sg sin:si slk:sk slv:sl sna:sn som:so sot:st spa:es src:sc srp:sr " +
  "ssw:ss sun:su swe:sv swh:sw tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tir:ti tsn:tn tso:ts tuk:tk tur:tr " +
  "uig:ug ukr:uk urd:ur uzn:uz ven:ve vie:vi wol:wo xho:xh ydd:yi yor:yo zlm:ms zul:zu";

const toTwoLetters = new Map(pairs.split(" ").map((pair) => pair.split(":") as [string, string]));

/** ISO 639-1 code of an ISO 639-3 one, or null when it has none. */
export const iso6391 = (code: string): string | null => toTwoLetters.get(code) ?? null;

/** All ISO 639-3 codes that `iso6391` knows. */
export const codesWithTwoLetters: readonly string[] = [...toTwoLetters.keys()];
