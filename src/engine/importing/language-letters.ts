/**
 * Letters beyond ASCII by language, the most frequent first: what tells one single-byte encoding from
 * another, since each reads the same bytes as different letters. Marks that any language uses stand apart.
 */
const cyrillic = 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё';

export const lettersOf = {
  french: 'éàèêçôâîùûëïœ',
  german: 'üäöß',
  spanish: 'óíáéñú¿ü¡ªº',
  portuguese: 'ãçáéíóêõúâàôº',
  italian: 'àèòùìé',
  nordic: 'øåæéö',
  swedish: 'äöåé',
  icelandic: 'áðþíöéóæúý',
  polish: 'łęóążśćńź',
  czech: 'íáěéřčžýšůúňťďó',
  slovak: 'áíčžýšľéťúôňäďóĺŕ',
  hungarian: 'éáöóőíüúű',
  romanian: 'ăşţîâ',
  southSlavic: 'čšžćđ',
  turkish: 'ışüğöçâî',
  estonian: 'äõüöšž',
  latvian: 'āīēšņūļčžķģ',
  lithuanian: 'ėųšžįūčąę',
  vietnamese: 'đêôưâơă\u0301\u0300\u0309\u0323\u0303',
  russian: cyrillic,
  ukrainian: 'оанивтерслкдіупмязьгйбчхжїцшюєщфґ',
  bulgarian: 'аиоетнрсвлкдпмзъугябчцжщйшхфюь',
  serbian: 'аоиенртсјувкдпмлзбгчшцжњљхћђџф',
  greek: 'ατοιεσνηυρπκμλςάόίέδγωχήθφύβώξζψϊ',
  hebrew: 'יוהלארמתשבנדעחםקןפכגטסזצףץך',
  arabic: 'اليمونرتبةعدسفهكقحجأشصطخىإذزضءغثئظؤآ',
  thai: 'านรอกงเมยลว่ดท้สตะปบคหแจพชใีัิุไข็ผืูธ์ณึถศ',
} as const satisfies Record<string, string>;
export type Language = keyof typeof lettersOf;

/** Typographic marks that stand around words in every language. */
export const marks = '\u00a0’‘‚“”„–—…«»‹›•·°€£¥¢§©®™²³¹½¼¾±×µ†‡‰ƒ¡¿';

/** The commonest characters of Chinese, simplified and traditional. */
export const commonHan =
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里' +
  '用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实' +
  '這個們來為國說時會對過發後裡經麼學現當沒動還進樣開從實電統一碼數字每個符平台程式語言公司业务客户有限';
